import ProcPoolProtocol
import ProcPoolSystem
import ProcPoolWire
import ProcPoolWorker

/// The status pages of a pool's workers in one shared memory file: a single descriptor for any
/// number of workers.
struct SharedPages: Sendable {
  private let file: SharedFile
  private let identity: FileIdentity

  // A class to share the descriptor: the mappings of the pages do not keep it open.
  private final class SharedFile: Sendable {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
  }

  init(places: Int) throws(SystemError) {
    let size = places * StatusPage.size
    file = SharedFile(try SharedMapping.makeFile(named: StatusPage.fileName, count: size))
    identity = try FileIdentity(of: file.descriptor)
  }

  func page(_ index: Int) throws(SystemError) -> StatusPage {
    StatusPage(
      try SharedMapping(file.descriptor, offset: index * StatusPage.size, count: StatusPage.size))
  }

  func location(_ index: Int) -> MemoryLocation {
    MemoryLocation(
      descriptor: file.descriptor.number, device: identity.device, inode: identity.inode,
      fileSize: identity.size, offset: index * StatusPage.size)
  }
}

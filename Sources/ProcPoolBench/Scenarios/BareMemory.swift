import Glibc

/// Shared memory made by direct system calls, the reference for creating shared arrays.
struct BareMemory: ~Copyable {
  private let base: UnsafeMutableRawPointer
  private let count: Int

  /// Allocates the memory and populates its pages; `nil` if /dev/shm is too small.
  init?(count: Int) {
    let name = "/procpool-bench-\(getpid())"
    let file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
    guard file >= 0 else { return nil }
    shm_unlink(name)
    defer { close(file) }
    guard posix_fallocate(file, 0, count) == 0,
      let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), base != MAP_FAILED
    else { return nil }
    self.base = base
    self.count = count
    // MADV_POPULATE_WRITE. Kernels before 5.14 do not support it, and fault the pages in while
    // copying.
    madvise(base, count, 23)
  }

  deinit { munmap(base, count) }

  func copy<Element>(_ elements: [Element], at offset: Int) {
    elements.withUnsafeBytes { (base + offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  }
}

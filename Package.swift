// swift-tools-version: 6.2

import PackageDescription

// Single-file examples whose output is verified.
let examples = [
  "Squares", "MatmulFourWays", "SlowSeries", "PartialSums", "Mandelbrot", "Velocities", "RawFiles",
  "Memoised", "WordCount",
  "Race",
  "Handles", "Deadlines", "Crashes", "EndlessInput",
]

// Modules import in one direction only: a target depends on targets above it in this list.
let package = Package(
  name: "procpool",
  products: [
    .library(name: "ProcPool", targets: ["ProcPool"]),
    // For dedicated worker executables, without Foundation.
    .library(name: "ProcPoolWorker", targets: ["ProcPoolWorker"]),
    // For worker executables whose tasks use Foundation's Data.
    .library(name: "ProcPoolFoundation", targets: ["ProcPoolFoundation"]),
    .executable(name: "procpool", targets: ["ProcPoolCommand"]),
    .executable(name: "procpool-bench-worker", targets: ["BenchWorker"]),
  ],
  targets: [
    // The runtime
    .target(name: "CProcPoolShims"),
    .target(name: "ProcPoolWire", dependencies: ["CProcPoolShims"]),
    .target(name: "ProcPoolSystem", dependencies: ["CProcPoolShims"]),
    .target(name: "ProcPoolProtocol", dependencies: ["ProcPoolWire", "ProcPoolSystem"]),
    .target(
      name: "ProcPoolSharedMemory", dependencies: ["ProcPoolWire", "ProcPoolSystem", "CProcPoolShims"]),
    .target(name: "ProcPoolWorker", dependencies: ["ProcPoolProtocol", "ProcPoolSharedMemory"]),
    .target(name: "ProcPoolFoundation", dependencies: ["ProcPoolWire"]),
    .target(name: "ProcPool", dependencies: ["ProcPoolWorker", "ProcPoolFoundation"]),

    // Worker executables, and the tasks that they share with their coordinators
    .target(name: "BenchKernels", path: "Workers/BenchKernels"),
    .target(
      name: "BenchTasks", dependencies: ["ProcPoolWire", "ProcPoolWorker", "BenchKernels"],
      path: "Workers/BenchTasks"),
    // The C library is linked statically as well, because dynamic linking takes a third of a worker's start. Packages
    // may depend on this package's libraries although this target has unsafe flags.
    .executableTarget(
      name: "BenchWorker", dependencies: ["BenchTasks"], path: "Workers/BenchWorker",
      linkerSettings: [.unsafeFlags(["-static-executable"], .when(configuration: .release))]),
    .target(name: "FaultyTasks", dependencies: ["ProcPool", "ProcPoolWire"], path: "Workers/FaultyTasks"),
    .target(name: "AllocationCount", path: "Workers/AllocationCount"),
    .executableTarget(
      name: "FaultyWorker", dependencies: ["FaultyTasks", "ProcPoolSystem", "AllocationCount"],
      path: "Workers/FaultyWorker"),

    // The command line
    .target(name: "ProcPoolBench", dependencies: ["ProcPool", "ProcPoolSystem", "BenchTasks"]),
    .executableTarget(name: "ProcPoolCommand", dependencies: ["ProcPoolBench", "ProcPoolSystem"]),

    // Examples
    .executableTarget(
      name: "CodecComparison", dependencies: ["ProcPoolWire"], path: "Examples/CodecComparison"),
    .executableTarget(
      name: "SharedWithNumPy", dependencies: ["ProcPool"], path: "Examples/SharedWithNumPy"),
    .target(name: "OwnWorkerTasks", dependencies: ["ProcPoolWorker"], path: "Examples/OwnWorker/Tasks"),
    .executableTarget(
      name: "OwnWorkerWorker", dependencies: ["OwnWorkerTasks"], path: "Examples/OwnWorker/Worker"),
    .executableTarget(
      name: "OwnWorker", dependencies: ["OwnWorkerTasks", "ProcPool"], path: "Examples/OwnWorker/Main"),

    // Tests: a folder per module, then those that need real processes
    .testTarget(name: "ProcPoolWireTests", dependencies: ["ProcPoolWire"]),
    .testTarget(name: "ProcPoolSystemTests", dependencies: ["ProcPoolSystem"]),
    .testTarget(name: "ProcPoolProtocolTests", dependencies: ["ProcPoolProtocol"]),
    .testTarget(name: "ProcPoolWorkerTests", dependencies: ["ProcPoolWorker"]),
    .testTarget(name: "ProcPoolTests", dependencies: ["ProcPool"]),
    .testTarget(
      name: "ProcPoolBenchTests",
      dependencies: ["ProcPoolBench", "BenchTasks", "ProcPoolCommand", "BenchWorker"]),
    .testTarget(
      name: "ProcessTests", dependencies: ["ProcPool", "ProcPoolSharedMemory", "FaultyTasks", "FaultyWorker"]),
    .testTarget(name: "DocumentationTests", dependencies: ["ProcPool"], exclude: ["Context"]),
    .testTarget(
      name: "MainActorTests", dependencies: ["ProcPool", "FaultyTasks", "FaultyWorker"],
      swiftSettings: [.defaultIsolation(MainActor.self)]),
  ]
    + examples.map { name in
      .executableTarget(
        name: name, dependencies: ["ProcPool"], path: "Examples/\(name)", exclude: ["expected.txt"])
    },
  swiftLanguageModes: [.v6]
)

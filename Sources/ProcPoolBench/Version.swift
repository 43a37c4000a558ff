/// The version of procpool, as `procpool --version` and the benchmark's JSON give it.
public let procpoolVersion = "0.1.0"

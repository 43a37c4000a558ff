/// The version of procpool, for `procpool --version` and the benchmark's JSON.
public let procpoolVersion = "0.1.0"

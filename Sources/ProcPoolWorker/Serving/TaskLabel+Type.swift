import ProcPoolProtocol

extension TaskLabel {
  /// What users call a type of task: for a reduction, the type of their own task.
  package static func name(of type: any Any.Type) -> String {
    _typeName((type as? any ReductionOfTask.Type)?.reducedTask ?? type, qualified: false)
  }

  init(_ type: any Any.Type) { self.init(Self.name(of: type)) }
}

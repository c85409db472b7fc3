/// Carries a value that belongs to one event loop through a closure that the same loop runs.
///
/// `@unchecked Sendable`: the value is only touched on its own loop, which `execute` and `scheduleTask` guarantee; NIO's
/// `NIOLoopBound` checks the same at a cost on every access of the request path.
struct LoopBound<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}

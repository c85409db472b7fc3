#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A system call failed.
public struct SystemFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call (`pwrite`).
    public var call: String
    /// The error number the call left.
    public var code: CInt

    /// Names a call and its error number.
    public init(call: String, code: CInt) {
        self.call = call
        self.code = code
    }

    /// The call and the system's text for the error.
    public var description: String {
        let text = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return "\(call): \(text)"
    }
}

/// Runs a system call again while a signal interrupts it, and turns a negative result into a failure.
func systemCall<Result: BinaryInteger>(_ name: String, _ call: () -> Result) throws(SystemFailure) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemFailure(call: name, code: code) }
    }
}

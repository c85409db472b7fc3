/// A credential; printing, interpolating, dumping or reflecting it shows at most its last four characters.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Wraps a credential.
    public init(_ value: String) { self.value = value }

    /// Returns the credential itself, for the header that carries it.
    public func reveal() -> String { value }

    /// `••••` and the last four characters; only `••••` when the credential is shorter than twelve bytes.
    public var description: String {
        value.utf8.count < 12 ? "••••" : "••••" + String(value.suffix(4))
    }

    /// The same as the description.
    public var debugDescription: String { description }

    /// A mirror without the value.
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

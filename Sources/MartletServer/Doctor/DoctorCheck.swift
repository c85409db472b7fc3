/// One thing that was looked at, and how it is.
public struct DoctorCheck: Sendable, Hashable {
    /// How it is.
    public enum Status: String, Sendable, Hashable {
        /// As it should be.
        case ok
        /// It works, or is not needed; something should be known about it.
        case warn
        /// It does not work.
        case fail
    }

    /// What was looked at (`data directory`, `account openai`).
    public var name: String
    /// How it is.
    public var status: Status
    /// What was found, in one line; never a credential.
    public var message: String
    /// What to do about it.
    public var hint: String?

    /// Describes a finding.
    public init(_ name: String, _ status: Status, _ message: String, hint: String? = nil) {
        self.name = name
        self.status = status
        self.message = message
        self.hint = hint
    }
}

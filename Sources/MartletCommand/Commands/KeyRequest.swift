import ArgumentParser
import MartletGovernance
import MartletStore

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#endif

/// What a new key shall be.
struct KeyRequest: Hashable {
    /// The operator's name for it.
    var name = ""
    /// What it may do.
    var scopes: Scopes = [.inference]
    /// From when on it is refused.
    var expiresAt: Timestamp?

    /// Creates a request for an unnamed key for inference.
    init() {}

    /// Reads the flags.
    ///
    /// - Throws: `ValidationError` for unknown scopes, a time that is none, or one that has passed.
    init(name: String, scopes: String, expires: String?, now: Timestamp) throws {
        guard name.count <= 200, Plain.line(name) == name else {
            throw ValidationError("--name has at most 200 characters and no control characters")
        }
        self.name = name
        guard let scopes = Scopes(names: scopes) else { throw ValidationError("--scopes knows inference and admin") }
        self.scopes = scopes
        if let expires {
            guard let time = Timestamp(expires) else {
                throw ValidationError("--expires must be like 2027-01-01T00:00:00Z")
            }
            guard time > now else { throw ValidationError("--expires is in the past") }
            expiresAt = time
        }
    }
}

extension Timestamp {
    /// The time of the wall clock.
    static func now() -> Timestamp { Timestamp(unixSeconds: Int64(time(nil))) }
}

import Synchronization

/// By how much the clock of whoever checks signatures differs from this machine's, as its own answers tell.
///
/// AWS refuses a signature whose time is more than five minutes away from its own, and its answer's `Date` says what that
/// is (AWS Signature Version 4, "Troubleshooting"; read November 2026).
final class ClockOffset: Sendable {
    private let value = Atomic<Int64>(0)

    /// Seconds that are nothing to correct: a signature that was refused all the same was so for another reason.
    static let tolerance: Int64 = 240

    /// Whether an error may be about the time of a signature; some services name it in the body alone.
    static func isAboutTime(_ type: ArraySlice<UInt8>?) -> Bool {
        guard let type else { return true }
        let name = String(decoding: type.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
        return errors.contains(String(name.split(separator: "#").last ?? ""))
    }

    private static let errors: Set = [
        "InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch",
    ]

    /// Seconds to be added to this machine's time.
    var seconds: Int64 { value.load(ordering: .relaxed) }

    /// Takes over the time that a refusal tells.
    ///
    /// - Parameters:
    ///   - date: Seconds since 1970 by the other clock.
    ///   - unixSeconds: The same by this machine's.
    /// - Returns: Whether requests were signed with a time that is too far away.
    func correct(_ date: Int64, at unixSeconds: Int64) -> Bool {
        let (offset, overflow) = date.subtractingReportingOverflow(unixSeconds)
        guard !overflow, (offset - seconds).magnitude > Self.tolerance.magnitude else { return false }
        value.store(offset, ordering: .relaxed)
        return true
    }
}

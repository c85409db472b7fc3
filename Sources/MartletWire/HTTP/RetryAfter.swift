/// How long an upstream asks to wait.
///
/// - SeeAlso: RFC 9110 §10.2.3 for `Retry-After`; `retry-after-ms` is what the OpenAI and Anthropic client libraries read first.
public struct RetryAfter: Sendable, Equatable {
    /// The wait, `.zero...longest`; `nil` when nothing usable was said.
    public var delay: Duration?
    /// A wait longer than ``longest`` was asked for; it is not worth waiting for, a cool-down takes ``longest`` instead.
    public var isOverLimit: Bool

    /// The longest wait that is believed: one hour.
    public static let longest = Duration.seconds(3600)

    /// Reads the two fields; `retry-after-ms` decides when it is usable.
    ///
    /// - Parameters:
    ///   - retryAfter: The value of `Retry-After`: whole seconds or a date in one of the three forms of HTTP.
    ///   - retryAfterMs: The value of `retry-after-ms`: milliseconds, a fraction is allowed.
    ///   - dateNow: The present as seconds since 1970-01-01 UTC; a date before it means no wait.
    public init<Bytes: Collection<UInt8>>(retryAfter: Bytes?, retryAfterMs: Bytes?, dateNow: Int64) {
        var result = Self(delay: nil, isOverLimit: false)
        if let retryAfterMs { result = Self.milliseconds(Array(retryAfterMs)) }
        if result.delay == nil && !result.isOverLimit, let retryAfter {
            result = Self.secondsOrDate(Array(retryAfter), dateNow)
        }
        self = result
    }

    /// Reads the two fields and answers only the wait.
    ///
    /// - Parameters:
    ///   - retryAfter: The value of `Retry-After`.
    ///   - retryAfterMs: The value of `retry-after-ms`.
    ///   - dateNow: The present as seconds since 1970-01-01 UTC.
    /// - Returns: The wait; `nil` when absent, unusable or over one hour.
    public static func parse(retryAfter: [UInt8]?, retryAfterMs: [UInt8]?, dateNow: Int64) -> Duration? {
        RetryAfter(retryAfter: retryAfter, retryAfterMs: retryAfterMs, dateNow: dateNow).delay
    }

    private init(delay: Duration?, isOverLimit: Bool) {
        self.delay = delay
        self.isOverLimit = isOverLimit
    }

    /// Reads `digits [. digits] [e exponent]`, not negative.
    private static func milliseconds(_ bytes: [UInt8]) -> RetryAfter {
        let unusable = Self(delay: nil, isOverLimit: false)
        // The byte set keeps out what the number parser knows beyond decimals: `nan`, `inf`, hexadecimal.
        let isPlain = bytes.allSatisfy { byte in
            byte >= 0x30 && byte <= 0x39 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "e")
                || byte == UInt8(ascii: "E") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
        }
        guard isPlain, bytes.count <= 64, bytes.first != UInt8(ascii: "+"), bytes.first != UInt8(ascii: "-"),
            let value = Double(String(decoding: bytes, as: UTF8.self)), value >= 0
        else { return unusable }
        guard value <= 3_600_000 else { return Self(delay: nil, isOverLimit: true) }
        return Self(delay: .microseconds(Int64(value * 1000)), isOverLimit: false)
    }

    private static func secondsOrDate(_ bytes: [UInt8], _ now: Int64) -> RetryAfter {
        if !bytes.isEmpty, bytes.allSatisfy({ byte in byte >= 0x30 && byte <= 0x39 }) {
            // Digits that do not fit are a very long wait.
            return limited(bytes[...].decimal.map { seconds in Int64(seconds) } ?? .max)
        }
        guard let date = HTTPDate.seconds(bytes, now: now) else { return Self(delay: nil, isOverLimit: false) }
        let (wait, overflow) = date.subtractingReportingOverflow(now)
        return overflow ? Self(delay: nil, isOverLimit: false) : limited(max(wait, 0))
    }

    private static func limited(_ seconds: Int64) -> RetryAfter {
        seconds <= 3600 ? Self(delay: .seconds(seconds), isOverLimit: false) : Self(delay: nil, isOverLimit: true)
    }
}

/// A moment in whole seconds since 1970, with its text form of RFC 3339.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public let unixSeconds: Int64

    /// Wraps seconds since 1970.
    public init(unixSeconds: Int64) { self.unixSeconds = unixSeconds }

    /// Parses `2026-11-20T10:00:00Z` or the same with an offset `+02:00` and a fraction, which is dropped.
    ///
    /// `nil` when it is anything else. The leap second `:60` counts as the next minute.
    ///
    /// - SeeAlso: RFC 3339 §5.6.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 64, let day = CivilDay(String(decoding: bytes[0..<10], as: UTF8.self)),
            bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = decimal(bytes[11..<13]), let minute = decimal(bytes[14..<16]),
            let second = decimal(bytes[17..<19]), hour < 24, minute < 60, second <= 60
        else { return nil }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty else { return nil }
            rest = rest[digits.endIndex...]
        }
        guard let offset = Self.offsetSeconds(rest) else { return nil }
        unixSeconds = Int64(day.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second - offset)
    }

    private static func offsetSeconds(_ zone: ArraySlice<UInt8>) -> Int? {
        guard let sign = zone.first else { return nil }
        let rest = zone.dropFirst()
        if sign | 0x20 == UInt8(ascii: "z") { return rest.isEmpty ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), rest.count == 5,
            rest[rest.startIndex + 2] == UInt8(ascii: ":"), let hours = decimal(rest.prefix(2)),
            let minutes = decimal(rest.suffix(2)), hours < 24, minutes < 60
        else { return nil }
        return (sign == UInt8(ascii: "+") ? 1 : -1) * (hours * 3_600 + minutes * 60)
    }

    /// Orders moments.
    public static func < (left: Self, right: Self) -> Bool { left.unixSeconds < right.unixSeconds }

    /// The form `2026-11-20T10:00:00Z`.
    public var description: String {
        let seconds = Int(unixSeconds)
        let days = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
        let rest = seconds - days * 86_400
        let time = "\(padded(rest / 3_600, to: 2)):\(padded(rest / 60 % 60, to: 2)):\(padded(rest % 60, to: 2))"
        return "\(CivilDay(daysSinceEpoch: days))T\(time)Z"
    }
}

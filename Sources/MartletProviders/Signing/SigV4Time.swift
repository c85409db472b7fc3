/// A moment as AWS Signature Version 4 writes it: `20260102T030405Z`.
public struct SigV4Time: Sendable, Hashable {
    /// The sixteen characters.
    public let text: String
    /// Days since 1970-01-01: a signing key is good for one.
    public let day: Int64

    /// Writes a moment; what lies outside the years 1970 to 9999 is moved into them.
    ///
    /// - Parameter unixSeconds: Seconds since 1970 (UTC).
    public init(unixSeconds: Int64) {
        let seconds = min(max(0, unixSeconds), 253_402_300_799)
        day = seconds / 86_400
        let clock = seconds % 86_400
        let (year, month, dayOfMonth) = Self.date(day)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        Self.append(year / 100, to: &bytes)
        Self.append(year % 100, to: &bytes)
        Self.append(month, to: &bytes)
        Self.append(dayOfMonth, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        Self.append(clock / 3_600, to: &bytes)
        Self.append(clock / 60 % 60, to: &bytes)
        Self.append(clock % 60, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The day, `20260102`.
    public var date: Substring { text.prefix(8) }

    private static func append(_ value: Int64, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10))
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }

    /// Year, month and day of a day since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
    private static func date(_ day: Int64) -> (Int64, Int64, Int64) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

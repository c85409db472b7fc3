/// Reads moments as cloud services write them.
public enum UTCTime {
    /// Reads `2026-01-02T03:04:05Z`, also with a fraction of a second or an offset (RFC 3339 §5.6).
    ///
    /// - Returns: Seconds since 1970 (UTC); `nil` when it is anything else.
    public static func unixSeconds(_ text: String) -> Int64? {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int64? {
            guard rest.count >= digits else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(digits) {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            rest = rest.dropFirst(digits)
            return value
        }
        func mark(_ marks: String) -> Bool {
            guard let first = rest.first, marks.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), year >= 1970, mark("-"), let month = number(2), (1...12).contains(month), mark("-"),
            let day = number(2), (1...31).contains(day), mark("Tt "), let hour = number(2), hour < 24, mark(":"),
            let minute = number(2), minute < 60, mark(":"), let second = number(2), second <= 60
        else { return nil }
        if mark(".") {
            while let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                rest = rest.dropFirst()
            }
        }
        var offset: Int64 = 0
        if !mark("Zz") {
            let isEast = rest.first == UInt8(ascii: "+")
            guard mark("+-"), let hours = number(2), hours < 24, mark(":"), let minutes = number(2), minutes < 60 else {
                return nil
            }
            offset = (hours * 60 + minutes) * (isEast ? 60 : -60)
        }
        guard rest.isEmpty else { return nil }
        return Self.days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    }

    /// Days since 1970 of a date (Hinnant, "chrono-compatible low-level date algorithms").
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

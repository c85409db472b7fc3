/// The `Date` field's value (RFC 9110 §5.6.7), made once a second.
final class DateField {
    private var second = 0
    private var line: [UInt8] = []
    private var value = ""

    /// The whole field line with its CRLF for the given Unix second.
    func bytes(second now: Int) -> [UInt8] {
        guard now != second else { return line }
        second = now
        value = Self.imfFixdate(unixSeconds: now)
        line = Array("date: \(value)\r\n".utf8)
        return line
    }

    /// The value alone for the given Unix second.
    func text(second now: Int) -> String {
        _ = bytes(second: now)
        return value
    }

    /// Formats `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func imfFixdate(unixSeconds: Int) -> String {
        // Days since 1970-03-01 of a calendar that begins in March (Howard Hinnant, chrono-Compatible Low-Level Date
        // Algorithms), so that the leap day comes last.
        let days = unixSeconds / 86_400
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let second = unixSeconds % 86_400
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(weekdays[days % 7]), \(two(day)) \(months[month - 1]) \(year) "
            + "\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
    }
}

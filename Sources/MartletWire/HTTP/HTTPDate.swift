/// Reads dates of HTTP header fields.
///
/// - SeeAlso: RFC 9110 §5.6.7.
public enum HTTPDate {
    /// Reads one of the three forms.
    ///
    /// - `Sun, 06 Nov 1994 08:49:37 GMT` (preferred)
    /// - `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850; a year more than 50 years ahead is in the past)
    /// - `Sun Nov  6 08:49:37 1994` (asctime)
    ///
    /// - Parameters:
    ///   - bytes: The field's value.
    ///   - now: The present as seconds since 1970-01-01 UTC, needed for a year of two digits.
    /// - Returns: Seconds since 1970-01-01 UTC; `nil` when it is no such date. The name of the weekday must exist but is not
    ///   compared with the date.
    public static func seconds(_ bytes: [UInt8], now: Int64) -> Int64? {
        var reader = Reader(rest: bytes[...])
        let day: Int
        let month: Int
        let year: Int
        let time: Int
        if let comma = bytes.firstIndex(of: UInt8(ascii: ",")) {
            let isLong = comma != 3
            guard reader.oneOf(isLong ? longDays : days) != nil, reader.skip(", "), let dayNumber = reader.number(2),
                reader.skip(isLong ? "-" : " "), let monthIndex = reader.oneOf(months), reader.skip(isLong ? "-" : " "),
                let yearNumber = reader.number(isLong ? 2 : 4), reader.skip(" "), let clock = reader.clock(),
                reader.skip(" GMT")
            else { return nil }
            day = dayNumber
            month = monthIndex + 1
            time = clock
            year = isLong ? century(yearNumber, now) : yearNumber
        } else {
            guard reader.oneOf(days) != nil, reader.skip(" "), let monthIndex = reader.oneOf(months), reader.skip(" "),
                let dayNumber = reader.skip(" ") ? reader.number(1) : reader.number(2), reader.skip(" "),
                let clock = reader.clock(), reader.skip(" "), let yearNumber = reader.number(4)
            else { return nil }
            day = dayNumber
            month = monthIndex + 1
            time = clock
            year = yearNumber
        }
        guard reader.rest.isEmpty, day >= 1, day <= length(ofMonth: month, year) else { return nil }
        return Int64(dayNumber(year, month, day)) * 86_400 + Int64(time)
    }

    private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longDays: [StaticString] = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Chooses the century of a two-digit year: the latest year that is at most 50 years ahead.
    private static func century(_ year: Int, _ now: Int64) -> Int {
        // A mean year is exact enough for a choice between years that are a hundred apart. The clamp keeps every later step in
        // range whatever the clock says.
        let present = min(max(1970 + Int(clamping: now / 31_556_952), 100), 9900)
        let ahead = year - (present % 100)
        let full = present + ahead
        return ahead > 50 ? full - 100 : ahead <= -50 ? full + 100 : full
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Counts days since 1970-01-01 in the Gregorian calendar; years run from March, so the leap day is the last.
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        // 719,468 days lie between 0000-03-01 and 1970-01-01. Four digits keep the year at 0 or above, -1 after the shift.
        let leaps = (shifted + 400) / 4 - (shifted + 400) / 100 + (shifted + 400) / 400 - 97
        return shifted * 365 + leaps + dayOfYear - 719_468
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func skip(_ text: StaticString) -> Bool {
            guard starts(with: text) else { return false }
            rest = rest.dropFirst(text.utf8CodeUnitCount)
            return true
        }

        mutating func oneOf(_ texts: [StaticString]) -> Int? {
            for (index, text) in texts.enumerated() where skip(text) { return index }
            return nil
        }

        mutating func number(_ digits: Int) -> Int? {
            guard rest.count >= digits, let value = rest.prefix(digits).decimal else { return nil }
            rest = rest.dropFirst(digits)
            return value
        }

        /// Reads `hh:mm:ss` as seconds; 60 is allowed for a leap second.
        mutating func clock() -> Int? {
            guard let hour = number(2), skip(":"), let minute = number(2), skip(":"), let second = number(2),
                hour < 24, minute < 60, second <= 60
            else { return nil }
            return hour * 3600 + minute * 60 + second
        }

        private func starts(with text: StaticString) -> Bool {
            guard rest.count >= text.utf8CodeUnitCount else { return false }
            var index = 0
            for byte in rest.prefix(text.utf8CodeUnitCount) {
                guard unsafe byte == text.utf8Start[index] else { return false }
                index += 1
            }
            return true
        }
    }
}

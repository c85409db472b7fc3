/// The times of answers: RFC 3339, which Ollama writes with up to nine digits behind the second.
enum OllamaTime {
    /// Seconds since 1970 of a time; `nil` when it is none or before 1970.
    static func seconds(_ text: borrowing Span<UInt8>) -> Int64? {
        guard text.count >= 20, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] | 0x20 == UInt8(ascii: "t"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let year = number(text, 0..<4), let month = number(text, 5..<7), let day = number(text, 8..<10),
            let hour = number(text, 11..<13), let minute = number(text, 14..<16), let second = number(text, 17..<19),
            1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second <= 60
        else { return nil }
        var zone = 19
        if text[zone] == UInt8(ascii: ".") {
            zone += 1
            while zone < text.count, isDigit(text[zone]) { zone += 1 }
        }
        guard let offset = offset(text, zone) else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        return seconds < 0 ? nil : seconds
    }

    /// Writes a time; what no year of four digits holds is moved to the nearest that does.
    static func text(_ seconds: Int64) -> String {
        let seconds = min(max(seconds, 0), 253_402_300_799)
        let (year, month, day) = date(seconds / 86_400)
        let time = seconds % 86_400
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(time / 3_600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))Z"
    }

    /// Seconds east of Greenwich at the end of a time: `Z`, `+01:30`.
    private static func offset(_ text: borrowing Span<UInt8>, _ start: Int) -> Int64? {
        if text.count - start == 1, text[start] | 0x20 == UInt8(ascii: "z") { return 0 }
        guard text.count - start == 6, text[start + 3] == UInt8(ascii: ":"),
            let hours = number(text, start + 1..<start + 3), let minutes = number(text, start + 4..<start + 6),
            hours < 24, minutes < 60
        else { return nil }
        switch text[start] {
        case UInt8(ascii: "+"): return hours * 3_600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3_600 + minutes * 60)
        default: return nil
        }
    }

    private static func number(_ text: borrowing Span<UInt8>, _ digits: Range<Int>) -> Int64? {
        var value: Int64 = 0
        for index in digits {
            guard isDigit(text[index]) else { return nil }
            value = value * 10 + Int64(text[index] - UInt8(ascii: "0"))
        }
        return value
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    // Days since 1970-01-01 in the Gregorian calendar and back: H. Hinnant, "chrono-compatible low-level date
    // algorithms". Years start in March, so that the leap day is their last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let day = shifted % 146_097
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (
            year + era * 400 + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }
}

/// The formats of texts that can be asserted.
///
/// - SeeAlso: JSON Schema, draft 2020-12, Validation §7.3.
enum SchemaFormat: String, Sendable {
    case dateTime = "date-time"
    case date
    case time
    case email
    case ipv4
    case ipv6
    case uuid

    /// Reads a format; `nil` for those that are not asserted.
    init?(_ view: JSONView) {
        guard let name = view.string(), let format = SchemaFormat(rawValue: name) else { return nil }
        self = format
    }

    /// Whether a text is of the format.
    func matches(_ text: [UInt8]) -> Bool {
        switch self {
        case .date: return Self.isDate(text[...])
        case .time: return Self.isTime(text[...])
        case .dateTime:
            guard text.count > 11, text[10] == UInt8(ascii: "T") || text[10] == UInt8(ascii: "t") else { return false }
            return Self.isDate(text[..<10]) && Self.isTime(text[11...])
        case .email: return Self.isEmail(text)
        case .ipv4: return Self.isIPv4(text[...])
        case .ipv6: return Self.isIPv6(text[...])
        case .uuid: return Self.isUUID(text)
        }
    }

    /// RFC 3339 §5.6, `full-date`.
    private static func isDate(_ text: ArraySlice<UInt8>) -> Bool {
        let parts = text.split(separator: ASCII.minus, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            let year = parts[0].decimal, let month = parts[1].decimal, let day = parts[2].decimal,
            month >= 1, month <= 12, day >= 1
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return day <= days[month - 1]
    }

    /// RFC 3339 §5.6, `full-time`; second 60 only where a leap second can be.
    private static func isTime(_ text: ArraySlice<UInt8>) -> Bool {
        let text = Array(text)
        guard text.count >= 9, text[2] == ASCII.colon, text[5] == ASCII.colon, let hour = text[0..<2].decimal,
            let minute = text[3..<5].decimal, let second = text[6..<8].decimal, hour < 24, minute < 60, second <= 60
        else { return false }
        var rest = text[8...]
        if rest.first == ASCII.dot {
            let digits = rest.dropFirst().prefix { ASCII.isDigit($0) }
            guard !digits.isEmpty else { return false }
            rest = rest[digits.endIndex...]
        }
        var offset = 0
        if rest.elementsEqual([UInt8(ascii: "Z")]) || rest.elementsEqual([UInt8(ascii: "z")]) {
            offset = 0
        } else {
            let zone = Array(rest)
            guard zone.count == 6, zone[0] == UInt8(ascii: "+") || zone[0] == ASCII.minus, zone[3] == ASCII.colon,
                let hours = zone[1..<3].decimal, let minutes = zone[4..<6].decimal, hours < 24, minutes < 60
            else { return false }
            offset = (hours * 60 + minutes) * (zone[0] == ASCII.minus ? -1 : 1)
        }
        // 23:59:60 in UTC.
        let day = 24 * 60
        return second < 60 || (((hour * 60 + minute - offset) % day) + day) % day == day - 1
    }

    /// One `@` with something plain before it and a name of a host behind it; quoted local parts are not known.
    private static func isEmail(_ text: [UInt8]) -> Bool {
        guard let at = text.lastIndex(of: UInt8(ascii: "@")), at > 0, at <= 64, at + 1 < text.count else {
            return false
        }
        let local = text[..<at].split(separator: ASCII.dot, omittingEmptySubsequences: false)
        let isPlain = local.allSatisfy { part in
            !part.isEmpty
                && part.allSatisfy { byte in
                    byte >= 0x80 || isLetterOrDigit(byte) || Array("!#$%&'*+-/=?^_`{|}~".utf8).contains(byte)
                }
        }
        let host = text[(at + 1)...].split(separator: ASCII.dot, omittingEmptySubsequences: false)
        return isPlain
            && host.allSatisfy { label in
                !label.isEmpty && label.count <= 63 && label.first != ASCII.minus && label.last != ASCII.minus
                    && label.allSatisfy { $0 >= 0x80 || isLetterOrDigit($0) || $0 == ASCII.minus }
            }
    }

    private static func isIPv4(_ text: ArraySlice<UInt8>) -> Bool {
        let parts = text.split(separator: ASCII.dot, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard let value = part.decimal, value <= 255 else { return false }
                return part.count == 1 || part.first != ASCII.zero
            }
    }

    /// RFC 4291 §2.2.
    private static func isIPv6(_ text: ArraySlice<UInt8>) -> Bool {
        var groups = text.split(separator: ASCII.colon, omittingEmptySubsequences: false)
        guard groups.count >= 3, groups.count <= 9 else { return false }
        var count = 0
        let hasIPv4 = groups.last?.contains(ASCII.dot) ?? false
        if hasIPv4 {
            guard isIPv4(groups.removeLast()) else { return false }
            count = 2
        }
        // `::` at an end leaves two empty groups there, in the middle one.
        var gaps = 0
        for (index, group) in groups.enumerated() {
            if group.isEmpty {
                let isOuter = index == 0 || index == groups.count - 1 && !hasIPv4
                if isOuter {
                    let neighbour = index == 0 ? 1 : index - 1
                    guard groups.indices.contains(neighbour), groups[neighbour].isEmpty else { return false }
                } else {
                    gaps += 1
                }
            } else {
                guard group.count <= 4, group.allSatisfy(isHex) else { return false }
                count += 1
            }
        }
        return gaps == 0 ? count == 8 : gaps == 1 && count <= 7
    }

    /// RFC 9562 §4.
    private static func isUUID(_ text: [UInt8]) -> Bool {
        text.count == 36
            && text.indices.allSatisfy { index in
                [8, 13, 18, 23].contains(index) ? text[index] == ASCII.minus : isHex(text[index])
            }
    }

    private static func isHex(_ byte: UInt8) -> Bool { ASCII.isDigit(byte) || (byte | 0x20) &- 0x61 < 6 }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { ASCII.isDigit(byte) || (byte | 0x20) &- 0x61 < 26 }
}

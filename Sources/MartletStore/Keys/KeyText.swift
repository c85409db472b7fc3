import MartletCore

/// The text form of a gateway key.
///
/// `sk-mt-` + 12 characters `[a-z0-9]` (public id) + `-` + 48 characters `[A-Za-z0-9]` (secret, 285 bits) + 6 characters:
/// the CRC-32 of everything before in base 62 (digits, capitals, small letters), zero-padded. The check tells a mistyped
/// key, or a key-like string in a leaked file, without asking the database.
enum KeyText {
    static let prefix: [UInt8] = Array("sk-mt-".utf8)
    /// Bytes of a whole key.
    static let bytes = 73
    private static let idRange = 6..<18
    private static let checkedBytes = 67
    private static let letters: [UInt8] = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8
    )
    private static let idLetters: [UInt8] = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// Makes a new key from a random source that must be cryptographically secure.
    static func make(using random: inout some RandomNumberGenerator) -> [UInt8] {
        var key = prefix
        for _ in 0..<12 { key.append(idLetters[Int.random(in: 0..<36, using: &random)]) }
        key.append(UInt8(ascii: "-"))
        for _ in 0..<48 { key.append(letters[Int.random(in: 0..<62, using: &random)]) }
        return key + check(of: key.span)
    }

    /// The public id of a well-formed key whose check fits; `nil` else.
    static func id(of key: Span<UInt8>) -> KeyNumber? {
        guard key.count == bytes else { return nil }
        for index in prefix.indices where key[index] != prefix[index] { return nil }
        guard key[18] == UInt8(ascii: "-"), let id = KeyNumber(key.extracting(idRange)) else { return nil }
        for index in 19..<checkedBytes where !isAlphanumeric(key[index]) { return nil }
        var crc = CRC32.checksum(key.extracting(0..<checkedBytes))
        for index in (checkedBytes..<bytes).reversed() {
            guard key[index] == letters[Int(crc % 62)] else { return nil }
            crc /= 62
        }
        return id
    }

    private static func check(of key: Span<UInt8>) -> [UInt8] {
        var crc = CRC32.checksum(key)
        var digits: [UInt8] = []
        for _ in 0..<6 {
            digits.append(letters[Int(crc % 62)])
            crc /= 62
        }
        return digits.reversed()
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}

/// The public id of a key as a number: its 12 characters `[a-z0-9]` read in base 36, which fits 63 bits.
struct KeyNumber: Hashable {
    let rawValue: UInt64

    /// Reads 12 characters; `nil` when one of them is not `[a-z0-9]`.
    init?(_ id: Span<UInt8>) {
        guard id.count == 12 else { return nil }
        var value: UInt64 = 0
        for index in 0..<12 {
            switch id[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value &* 36 &+ UInt64(id[index] - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"):
                value = value &* 36 &+ UInt64(id[index] - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        rawValue = value
    }

    /// Reads the text of an id; `nil` for `static` and the like.
    init?(_ id: APIKeyID) { self.init(Array(id.rawValue.utf8).span) }

    /// The id as text.
    var id: APIKeyID {
        var rest = rawValue
        var digits: [UInt8] = []
        for _ in 0..<12 {
            let digit = UInt8(rest % 36)
            digits.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            rest /= 36
        }
        return APIKeyID(String(decoding: digits.reversed(), as: UTF8.self))
    }
}

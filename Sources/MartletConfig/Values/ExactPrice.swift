internal import MartletCore

/// Reads prices without rounding.
enum ExactPrice {
    /// Converts dollars per million tokens, spelled as a decimal, into pico-dollars a token.
    ///
    /// One dollar per million tokens is 1,000,000 pico-dollars a token, so six decimals are exact; more are refused,
    /// except zeros. `nil` for anything that is not such a number or does not fit.
    static func picoUSD(dollarsPerMillion text: String) -> TokenPrice? {
        var digits: [UInt8] = []
        var decimals = 0
        var exponent = 0
        var seenPoint = false
        var rest = Array(text.utf8)[...]
        if let mark = rest.firstIndex(where: { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }) {
            guard let value = Int(String(decoding: rest[(mark + 1)...], as: UTF8.self)), abs(value) < 400 else {
                return nil
            }
            exponent = value
            rest = rest[..<mark]
        }
        for byte in rest {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits.append(byte - UInt8(ascii: "0"))
                if seenPoint { decimals += 1 }
            case UInt8(ascii: ".") where !seenPoint: seenPoint = true
            default: return nil
            }
        }
        guard !digits.isEmpty, digits.count <= 400 else { return nil }
        var shift = 6 + exponent - decimals
        while shift < 0 {
            guard (digits.popLast() ?? 0) == 0 else { return nil }
            shift += 1
        }
        var value: Int64 = 0
        for digit in digits + Array(repeating: 0, count: shift) {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = scaled.addingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return TokenPrice(picoUSD: value)
    }

    /// Converts a configured price; a decimal is taken by its shortest spelling, which is what the file said.
    static func picoUSD(_ node: ConfigNode) -> TokenPrice? {
        switch node.value {
        case .integer(let number): picoUSD(dollarsPerMillion: String(number))
        case .decimal(let number): picoUSD(dollarsPerMillion: "\(number)")
        default: nil
        }
    }
}

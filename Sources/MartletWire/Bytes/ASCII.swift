extension UInt8 {
    /// The byte with `A`–`Z` made lower case.
    var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}

extension ArraySlice<UInt8> {
    /// Compares with a text that is written in lower case; ASCII letters only are folded.
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        var index = 0
        for byte in self {
            guard unsafe byte.asciiLowercased == text.utf8Start[index].asciiLowercased else { return false }
            index += 1
        }
        return true
    }

    /// The slice without spaces and tabs at its ends.
    var trimmed: ArraySlice<UInt8> {
        var slice = self
        while let byte = slice.first, byte == 0x20 || byte == 0x09 { slice = slice.dropFirst() }
        while let byte = slice.last, byte == 0x20 || byte == 0x09 { slice = slice.dropLast() }
        return slice
    }

    /// The value of one or more decimal digits; `nil` for anything else and when it does not fit.
    var decimal: Int? {
        guard !isEmpty else { return nil }
        var value = 0
        for byte in self {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (tens, overTens) = value.multipliedReportingOverflow(by: 10)
            let (sum, overSum) = tens.addingReportingOverflow(Int(byte - 0x30))
            if overTens || overSum { return nil }
            value = sum
        }
        return value
    }
}

// In all of these an absent member and `null` are the same, as they are for the APIs that the documents belong to.
extension JSONObjectReader {
    /// Takes a member unless it is `null`.
    ///
    /// - Parameter name: The name.
    /// - Returns: The value; `nil` when it is absent or `null`.
    public mutating func takeValue(_ name: StaticString) -> JSONView? {
        guard let value = take(name), !value.isNull else { return nil }
        return value
    }

    /// Takes a member that must be there.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - expected: What should be there, like `a string`.
    /// - Throws: ``JSONFieldError`` when it is absent or `null`.
    public mutating func require(_ name: StaticString, expected: String = "a value") throws(JSONFieldError) -> JSONView
    {
        guard let value = takeValue(name) else { throw error(name, expected: expected) }
        return value
    }

    /// Takes a string.
    ///
    /// - Parameter name: The name.
    /// - Returns: The text; `nil` when it is absent or `null`.
    /// - Throws: ``JSONFieldError`` for another type.
    public mutating func takeString(_ name: StaticString) throws(JSONFieldError) -> String? {
        try takeValue(name).map { (value) throws(JSONFieldError) in try value.requireString() }
    }

    /// Takes a string that must be there.
    ///
    /// - Parameter name: The name.
    /// - Throws: ``JSONFieldError`` when it is absent, `null` or of another type.
    public mutating func requireString(_ name: StaticString) throws(JSONFieldError) -> String {
        try require(name, expected: "a string").requireString()
    }

    /// Takes an integer.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - range: The values that are allowed.
    /// - Returns: The integer, written as such or as `4.0`; `nil` when it is absent or `null`.
    /// - Throws: ``JSONFieldError`` for another type, a fraction, or a value outside the range.
    public mutating func takeInt(
        _ name: StaticString,
        in range: ClosedRange<Int64> = .min ... .max
    ) throws(JSONFieldError) -> Int64? {
        try takeValue(name).map { (value) throws(JSONFieldError) in try value.requireInt(in: range) }
    }

    /// Takes an integer that must be there.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - range: The values that are allowed.
    /// - Throws: ``JSONFieldError`` when it is absent, `null`, of another type, a fraction, or outside the range.
    public mutating func requireInt(
        _ name: StaticString,
        in range: ClosedRange<Int64> = .min ... .max
    ) throws(JSONFieldError) -> Int64 {
        try require(name, expected: "an integer").requireInt(in: range)
    }

    /// Takes a number.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - range: The values that are allowed.
    /// - Returns: The number, finite; `nil` when it is absent or `null`.
    /// - Throws: ``JSONFieldError`` for another type, or a value that is not finite or outside the range.
    public mutating func takeDouble(
        _ name: StaticString,
        in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) throws(JSONFieldError) -> Double? {
        guard let value = takeValue(name) else { return nil }
        guard let number = value.double() else { throw value.error(expected: "a number") }
        guard range.contains(number) else {
            throw value.error(expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Takes `true` or `false`.
    ///
    /// - Parameter name: The name.
    /// - Returns: Which of them; `nil` when it is absent or `null`.
    /// - Throws: ``JSONFieldError`` for another type.
    public mutating func takeBool(_ name: StaticString) throws(JSONFieldError) -> Bool? {
        guard let value = takeValue(name) else { return nil }
        guard let bool = value.bool() else { throw value.error(expected: "true or false") }
        return bool
    }

    /// Takes an array.
    ///
    /// - Parameter name: The name.
    /// - Returns: The array; `nil` when it is absent or `null`.
    /// - Throws: ``JSONFieldError`` for another type.
    public mutating func takeArray(_ name: StaticString) throws(JSONFieldError) -> JSONView.Elements? {
        try takeValue(name).map { (value) throws(JSONFieldError) in try value.requireArray() }
    }

    /// Takes an array that must be there.
    ///
    /// - Parameter name: The name.
    /// - Throws: ``JSONFieldError`` when it is absent, `null` or of another type.
    public mutating func requireArray(_ name: StaticString) throws(JSONFieldError) -> JSONView.Elements {
        try require(name, expected: "an array").requireArray()
    }

    /// Takes an object.
    ///
    /// - Parameter name: The name.
    /// - Returns: A reader for it; `nil` when it is absent or `null`.
    /// - Throws: ``JSONFieldError`` for another type.
    public mutating func takeObject(_ name: StaticString) throws(JSONFieldError) -> JSONObjectReader? {
        try takeValue(name).map { (value) throws(JSONFieldError) in try JSONObjectReader(value) }
    }
}

extension JSONView {
    /// The text of a string.
    ///
    /// - Throws: ``JSONFieldError`` for another type.
    public func requireString() throws(JSONFieldError) -> String {
        guard let string = string() else { throw error(expected: "a string") }
        return string
    }

    /// The value of an integer, written as such or as `4.0`.
    ///
    /// - Parameter range: The values that are allowed.
    /// - Throws: ``JSONFieldError`` for another type, a fraction, or a value outside the range.
    public func requireInt(in range: ClosedRange<Int64> = .min ... .max) throws(JSONFieldError) -> Int64 {
        guard let value = int64() else { throw error(expected: "an integer") }
        guard range.contains(value) else {
            throw error(expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The elements of an array.
    ///
    /// - Throws: ``JSONFieldError`` for another type.
    public func requireArray() throws(JSONFieldError) -> Elements {
        guard kind == .array else { throw error(expected: "an array") }
        return elements
    }
}

/// Appends JSON to bytes, without white space, and keeps the commas right.
///
/// The caller keeps the order right: in an object each value follows ``key(_:)-(StaticString)``, and what is opened is
/// closed.
public struct JSONWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8]
    // After a value or a closing bracket, whatever comes next in the same container needs a comma; after an opening
    // bracket or a key it does not. So one flag is enough for any depth.
    private var needsComma = false

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - bytes: What to append to; it is not looked at.
    ///   - capacity: The number of bytes to make room for.
    public init(appendingTo bytes: consuming [UInt8] = [], reserving capacity: Int = 0) {
        self.bytes = bytes
        if capacity > 0 { self.bytes.reserveCapacity(self.bytes.count + capacity) }
    }

    /// Opens an object.
    public mutating func beginObject() { open(ASCII.openBrace) }

    /// Closes an object.
    public mutating func endObject() { close(ASCII.closeBrace) }

    /// Opens an array.
    public mutating func beginArray() { open(ASCII.openBracket) }

    /// Closes an array.
    public mutating func endArray() { close(ASCII.closeBracket) }

    /// Writes an object around what the body writes.
    ///
    /// - Parameter body: Writes the members.
    /// - Throws: What the body throws; then the object stays open.
    public mutating func object<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        beginObject()
        try body(&self)
        endObject()
    }

    /// Writes an array around what the body writes.
    ///
    /// - Parameter body: Writes the elements.
    /// - Throws: What the body throws; then the array stays open.
    public mutating func array<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        beginArray()
        try body(&self)
        endArray()
    }

    /// Writes the key of the next value.
    ///
    /// - Parameter name: The name, unescaped, in UTF-8.
    public mutating func key(_ name: StaticString) {
        string(name)
        endKey()
    }

    /// Writes the key of the next value.
    ///
    /// - Parameter name: The name, unescaped, in UTF-8.
    public mutating func key(_ name: [UInt8]) {
        string(name)
        endKey()
    }

    /// Writes the key of the next value as it stands in another document.
    ///
    /// - Parameter name: A value of kind ``JSONKind/string``.
    public mutating func key(_ name: JSONView) {
        raw(name)
        endKey()
    }

    /// Writes a string.
    ///
    /// - Parameter text: The text, unescaped, in UTF-8; what is not becomes U+FFFD.
    public mutating func string(_ text: StaticString) {
        startValue()
        bytes.append(ASCII.quote)
        text.withUTF8Buffer { unsafe JSONString.escape(UnsafeRawBufferPointer($0), into: &bytes) }
        bytes.append(ASCII.quote)
    }

    /// Writes a string.
    ///
    /// - Parameter text: The text, unescaped, in UTF-8; what is not becomes U+FFFD.
    public mutating func string(_ text: [UInt8]) { string(text.span) }

    /// Writes a string.
    ///
    /// - Parameter text: The text, unescaped, in UTF-8; what is not becomes U+FFFD.
    public mutating func string(_ text: borrowing Span<UInt8>) {
        startValue()
        bytes.append(ASCII.quote)
        JSONString.escape(text, into: &bytes)
        bytes.append(ASCII.quote)
    }

    /// Writes a string.
    ///
    /// - Parameter text: The text.
    public mutating func string(_ text: String) {
        var text = text
        startValue()
        bytes.append(ASCII.quote)
        text.withUTF8 { unsafe JSONString.escape(UnsafeRawBufferPointer($0), into: &bytes) }
        bytes.append(ASCII.quote)
    }

    /// Writes an integer.
    ///
    /// - Parameter value: The integer.
    public mutating func integer(_ value: Int64) {
        startValue()
        if value < 0 { bytes.append(ASCII.minus) }
        digits(value.magnitude)
    }

    /// Writes an integer.
    ///
    /// - Parameter value: The integer.
    public mutating func integer(_ value: Int) { integer(Int64(value)) }

    /// Writes an integer.
    ///
    /// - Parameter value: The integer.
    public mutating func integer(_ value: UInt64) {
        startValue()
        digits(value)
    }

    /// Writes a number in the shortest form that reads back as the same value; `null` unless it is finite.
    ///
    /// - Parameter value: The number.
    public mutating func double(_ value: Double) {
        guard value.isFinite else { return null() }
        startValue()
        bytes.append(contentsOf: value.description.utf8)
    }

    /// Writes `true` or `false`.
    ///
    /// - Parameter value: Which of them.
    public mutating func bool(_ value: Bool) {
        startValue()
        bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
    }

    /// Writes `null`.
    public mutating func null() {
        startValue()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes a value that is JSON already.
    ///
    /// - Parameter json: One valid JSON value.
    public mutating func raw(_ json: [UInt8]) {
        startValue()
        bytes.append(contentsOf: json)
    }

    /// Writes a value as it stands in another document.
    ///
    /// - Parameter value: The value.
    public mutating func raw(_ value: JSONView) {
        startValue()
        value.appendRaw(to: &bytes)
    }

    @inline(__always)
    private mutating func startValue() {
        if needsComma { bytes.append(ASCII.comma) }
        needsComma = true
    }

    private mutating func endKey() {
        bytes.append(ASCII.colon)
        needsComma = false
    }

    private mutating func open(_ bracket: UInt8) {
        startValue()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func digits(_ value: UInt64) {
        let start = bytes.count
        var rest = value
        repeat {
            bytes.append(ASCII.zero + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}

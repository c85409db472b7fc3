/// A header field of a frame.
public struct AWSEventHeader: Hashable, Sendable {
    /// 1 to 255 bytes; the names of the format's own fields begin with a colon.
    public var name: String
    /// The value.
    public var value: Value

    /// Creates a field.
    public init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }

    /// Creates a field with a text.
    public init(_ name: String, _ text: String) { self.init(name, .string(text)) }

    /// What a field holds.
    public enum Value: Hashable, Sendable {
        /// Types 0 and 1.
        case bool(Bool)
        /// Type 2.
        case int8(Int8)
        /// Type 3.
        case int16(Int16)
        /// Type 4.
        case int32(Int32)
        /// Type 5.
        case int64(Int64)
        /// Type 6; at most 65,535 bytes.
        case bytes([UInt8])
        /// Type 7; at most 65,535 bytes of UTF-8.
        case string(String)
        /// Type 8: milliseconds since 1970.
        case timestamp(Int64)
        /// Type 9; 16 bytes.
        case uuid([UInt8])
    }
}

/// Locates one member of the top-level object of a scanned document.
///
/// Offsets are kept in 32 bits, since documents are shorter than 4 GiB: an object may have a million members.
public struct JSONMember: Sendable, Hashable {
    private var keyStart: UInt32
    private var keyEnd: UInt32
    private var valueStart: UInt32
    private var valueEnd: UInt32
    private var items: UInt32
    /// Tells whether an array holds nothing but objects; for everything else it means nothing.
    public var holdsOnlyObjects: Bool
    /// Tells whether the key must be decoded before it is compared.
    public var keyHasEscapes: Bool
    /// The type of the value.
    public var kind: JSONKind

    /// The bytes of the key, without its quotes.
    public var key: Range<Int> { Int(keyStart)..<Int(keyEnd) }
    /// The bytes of the value, without surrounding white space.
    public var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    /// The number of elements of an array or of members of an object; 0 for everything else.
    public var count: Int { Int(items) }

    init(key: Range<Int>, keyHasEscapes: Bool, value: Range<Int>, kind: JSONKind, count: Int, holdsOnlyObjects: Bool) {
        keyStart = UInt32(clamping: key.lowerBound)
        keyEnd = UInt32(clamping: key.upperBound)
        valueStart = UInt32(clamping: value.lowerBound)
        valueEnd = UInt32(clamping: value.upperBound)
        items = UInt32(clamping: count)
        self.holdsOnlyObjects = holdsOnlyObjects
        self.keyHasEscapes = keyHasEscapes
        self.kind = kind
    }
}

extension StreamMarks {
    /// Tells whether an event of a chat stream may bear output.
    ///
    /// It does when a member `content`, `reasoning_content`, `reasoning`, `refusal`, `tool_calls`, `function_call` or `audio`
    /// has a value that is not `null`, `""`, `[]` or `{}`. Servers open a stream with such empty values in the event that only
    /// tells the role. The check is slower than ``init(ofEvent:)`` and is needed only until it answers `true` once.
    ///
    /// - Parameter bytes: The bytes of one event or of its payload.
    /// - Returns: `true` when a value is not empty; also when the same text stands inside a message.
    /// - Complexity: O(bytes), no allocation.
    public static func mayBearContent(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        let count = bytes.count
        var offset = 0
        while true {
            let quote = unsafe ByteSearch.index(of: 0x22, base, from: offset, to: count)
            guard quote < count else { return false }
            offset = quote &+ 1
            guard quote &+ 2 < count else { return false }
            // The first letter decides which name it can be; nearly all quotes end here.
            let found =
                switch unsafe base.load(fromByteOffset: offset, as: UInt8.self) {
                case UInt8(ascii: "c"): unsafe has("\"content\"", base, quote, count)
                case UInt8(ascii: "r"):
                    unsafe has("\"reasoning_content\"", base, quote, count) || has("\"reasoning\"", base, quote, count)
                        || has("\"refusal\"", base, quote, count)
                case UInt8(ascii: "t"): unsafe has("\"tool_calls\"", base, quote, count)
                case UInt8(ascii: "f"): unsafe has("\"function_call\"", base, quote, count)
                case UInt8(ascii: "a"): unsafe has("\"audio\"", base, quote, count)
                default: false
                }
            if found { return true }
        }
    }

    /// Tells whether a member of this name with a value that is not empty stands at an offset.
    private static func has(_ name: StaticString, _ base: UnsafeRawPointer, _ offset: Int, _ count: Int) -> Bool {
        unsafe matches(base, offset, count &- offset, name) && isFilled(base, offset &+ name.utf8CodeUnitCount, count)
    }

    /// Tells whether a colon and a value that is not empty follow.
    private static func isFilled(_ base: UnsafeRawPointer, _ offset: Int, _ count: Int) -> Bool {
        var next = unsafe skipBlanks(base, offset, count)
        guard next < count else { return false }
        let colon = unsafe base.load(fromByteOffset: next, as: UInt8.self)
        // A line break: the value is on another line of the event, so it is not looked for.
        if colon == 0x0A || colon == 0x0D { return true }
        guard colon == 0x3A else { return false }
        next = unsafe skipBlanks(base, next &+ 1, count)
        guard next < count else { return true }
        let closing: UInt8
        switch unsafe base.load(fromByteOffset: next, as: UInt8.self) {
        case 0x22: return unsafe next &+ 1 >= count || base.load(fromByteOffset: next &+ 1, as: UInt8.self) != 0x22
        case 0x5B: closing = 0x5D
        case 0x7B: closing = 0x7D
        default: return unsafe !matches(base, next, count &- next, "null")
        }
        next = unsafe skipBlanks(base, next &+ 1, count)
        return unsafe next >= count || base.load(fromByteOffset: next, as: UInt8.self) != closing
    }
}

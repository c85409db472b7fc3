/// Looks at one frame of an event stream whose checksums and header fields were checked.
///
/// Nothing is decoded or copied before it is asked for. A view borrows the bytes of the frame: it must not outlive the
/// closure that it was given to.
@safe
public struct AWSEventView {
    private let frame: UnsafeRawBufferPointer
    private let headerEnd: Int

    /// Borrows a frame that ``AWSEventSplitter`` has checked.
    init(checked frame: UnsafeRawBufferPointer) {
        unsafe self.frame = unsafe frame
        headerEnd = unsafe AWSEventStreamLimits.prelude + Self.number(frame, at: 4, bytes: 4)
    }

    /// The payload; valid as long as the view.
    public var payload: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: frame[headerEnd..<frame.count - 4])
    }

    /// The bytes of a text field; `nil` when there is no such field, or one of another type.
    ///
    /// - Parameter name: The field's name.
    public func text(_ name: StaticString) -> UnsafeRawBufferPointer? {
        var fields = unsafe Fields(frame, AWSEventStreamLimits.prelude..<headerEnd)
        while let field = fields.next() {
            guard field.type == 7, unsafe Self.equals(frame, field.name, name) else { continue }
            return unsafe UnsafeRawBufferPointer(rebasing: frame[field.value])
        }
        return nil
    }

    /// Whether a text field has a value.
    public func has(_ name: StaticString, _ value: StaticString) -> Bool {
        guard let text = unsafe text(name) else { return false }
        return unsafe Self.equals(text, 0..<text.count, value)
    }

    /// The frame as values.
    public var message: AWSEventMessage {
        var message = AWSEventMessage(payload: unsafe Array(payload))
        var fields = unsafe Fields(frame, AWSEventStreamLimits.prelude..<headerEnd)
        while let field = fields.next() {
            let name = unsafe String(decoding: frame[field.name], as: UTF8.self)
            message.headers.append(AWSEventHeader(name, value(field)))
        }
        return message
    }

    private func value(_ field: Fields.Field) -> AWSEventHeader.Value {
        let number = unsafe field.value.count <= 8 ? Self.signed(frame, field.value) : 0
        return switch field.type {
        case 0: .bool(true)
        case 1: .bool(false)
        case 2: .int8(Int8(truncatingIfNeeded: number))
        case 3: .int16(Int16(truncatingIfNeeded: number))
        case 4: .int32(Int32(truncatingIfNeeded: number))
        case 5: .int64(number)
        case 6: unsafe .bytes(Array(frame[field.value]))
        case 7: unsafe .string(String(decoding: frame[field.value], as: UTF8.self))
        case 8: .timestamp(number)
        default: unsafe .uuid(Array(frame[field.value]))
        }
    }

    private static func signed(_ frame: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int64 {
        var number: Int64 = 0
        for index in range { number = number << 8 | Int64(unsafe frame[index]) }
        return number
    }

    /// Whether the bytes at a place are those of a text.
    static func equals(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count {
            guard unsafe bytes[range.lowerBound + offset] == text.utf8Start[offset] else { return false }
        }
        return true
    }

    /// An unsigned number of at most four bytes, the highest one first; the place must be in bounds.
    static func number(_ bytes: UnsafeRawBufferPointer, at place: Int, bytes count: Int) -> Int {
        var number = 0
        for index in place..<place + count { number = number << 8 | Int(unsafe bytes[index]) }
        return number
    }

    /// Walks over header fields; stops at the first that cannot be read.
    @safe
    struct Fields {
        private let frame: UnsafeRawBufferPointer
        private var rest: Range<Int>

        struct Field {
            var name: Range<Int>
            var type: UInt8
            var value: Range<Int>
        }

        init(_ frame: UnsafeRawBufferPointer, _ range: Range<Int>) {
            unsafe self.frame = unsafe frame
            rest = range
        }

        /// Whether every byte belonged to a field.
        var isExhausted: Bool { rest.isEmpty }

        mutating func next() -> Field? {
            guard let nameCount = rest.first.map({ Int(unsafe frame[$0]) }), nameCount > 0 else { return nil }
            let nameStart = rest.lowerBound + 1
            let typePlace = nameStart + nameCount
            guard typePlace < rest.upperBound else { return nil }
            let type = unsafe frame[typePlace]
            var start = typePlace + 1
            let count: Int
            switch type {
            case 0, 1: count = 0
            case 2: count = 1
            case 3: count = 2
            case 4: count = 4
            case 5, 8: count = 8
            case 6, 7:
                guard start + 2 <= rest.upperBound else { return nil }
                count = unsafe AWSEventView.number(frame, at: start, bytes: 2)
                start += 2
            case 9: count = 16
            default: return nil
            }
            guard start + count <= rest.upperBound else { return nil }
            rest = start + count..<rest.upperBound
            return Field(name: nameStart..<typePlace, type: type, value: start..<start + count)
        }
    }
}

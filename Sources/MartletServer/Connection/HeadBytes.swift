import MartletCore
import NIOCore

/// Appends the pieces of a head to memory that was reserved for all of them.
///
/// A `ByteBuffer` write checks ownership and capacity each time; a head has fifty pieces.
@safe
struct HeadBytes {
    private let memory: UnsafeMutableRawBufferPointer
    private var count = 0

    /// Reserves `capacity` bytes and lets `body` fill them.
    ///
    /// - Parameter capacity: At least the bytes that are appended; what goes beyond is a defect and is dropped.
    static func write(into buffer: inout ByteBuffer, capacity: Int, _ body: (inout HeadBytes) -> Void) {
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { memory in
            var bytes = unsafe HeadBytes(memory: memory)
            body(&bytes)
            return bytes.count
        }
    }

    private init(memory: UnsafeMutableRawBufferPointer) { unsafe self.memory = memory }

    mutating func append(_ text: StaticString) {
        unsafe append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ text: String) {
        var copy = text
        copy.withUTF8 { unsafe append(UnsafeRawBufferPointer($0)) }
    }

    mutating func append(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe append($0) } }

    /// The 36 characters of an id.
    mutating func append(_ id: RecordID) {
        count += unsafe id.write(to: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
    }

    mutating func append(decimal value: Int) {
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var start = 20
        var rest = value.magnitude
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0 && start > 0
        for index in start..<20 {
            guard unsafe count < memory.count else { return }
            unsafe memory[count] = digits[index]
            count += 1
        }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let room = unsafe min(bytes.count, memory.count - count)
        guard room > 0, let source = bytes.baseAddress, let target = unsafe memory.baseAddress else { return }
        unsafe (target + count).copyMemory(from: source, byteCount: room)
        count += room
    }
}

public import MartletWire
public import NIOCore

/// A body made of the caller's bytes around the members that change.
public struct SplicedBody {
    /// The caller's whole body, unless it stands in a file.
    public let original: ByteBuffer
    /// The file that holds the caller's whole body; ``write(to:)`` and ``buffers`` are for bodies in memory only.
    public let file: (any UploadFile)?
    /// Stretches of it and new bytes, one after the other.
    public let pieces: [JSONSplice.Piece]
    /// Bytes of all pieces.
    public let length: Int

    init(original: ByteBuffer, edits: JSONSplice) {
        self.original = original
        file = nil
        pieces = edits.pieces(originalLength: original.readableBytes)
        length = JSONSplice.length(of: pieces)
    }

    /// A body around a file.
    init(file: any UploadFile, length: Int, edits: JSONSplice) {
        self.file = file
        original = ByteBuffer()
        pieces = edits.pieces(originalLength: length)
        self.length = JSONSplice.length(of: pieces)
    }

    /// A body that was written anew.
    init(_ bytes: [UInt8]) {
        original = ByteBuffer(bytes: bytes)
        file = nil
        pieces = [.original(0..<bytes.count)]
        length = bytes.count
    }

    /// Writes the whole body behind what the buffer holds.
    public func write(to buffer: inout ByteBuffer) {
        let bytes = original.readableBytesView
        for piece in pieces {
            switch piece {
            case .original(let range):
                buffer.writeBytes(bytes[(bytes.startIndex + range.lowerBound)..<(bytes.startIndex + range.upperBound)])
            case .bytes(let bytes): buffer.writeBytes(bytes)
            }
        }
    }

    /// The pieces as buffers; those of the original share its memory.
    public var buffers: [ByteBuffer] {
        pieces.compactMap { piece in
            switch piece {
            case .original(let range):
                original.getSlice(at: original.readerIndex + range.lowerBound, length: range.count)
            case .bytes(let bytes): ByteBuffer(bytes: bytes)
            }
        }
    }
}

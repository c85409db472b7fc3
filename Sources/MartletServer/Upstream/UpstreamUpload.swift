import MartletExchange
import MartletWire

/// What is left to send of a body that stands in a file.
struct UpstreamUpload {
    let file: any UploadFile
    private var pieces: ArraySlice<JSONSplice.Piece>

    /// Bytes read and sent at once.
    private static let step = 64 << 10

    init?(_ body: SplicedBody) {
        guard let file = body.file else { return nil }
        self.file = file
        pieces = body.pieces[...]
    }

    /// What is sent next: bytes, or a stretch of the file; `nil` when all is sent.
    mutating func next() -> JSONSplice.Piece? {
        guard let piece = pieces.popFirst() else { return nil }
        guard case .original(let range) = piece, range.count > Self.step else { return piece }
        let end = range.lowerBound + Self.step
        // The slice's first place was just given free.
        pieces = [.original(end..<range.upperBound)] + pieces
        return .original(range.lowerBound..<end)
    }
}

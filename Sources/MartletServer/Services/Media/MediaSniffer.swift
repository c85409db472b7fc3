import MartletExchange

/// What bytes are, by how they begin: what a server says of them is not believed.
enum MediaSniffer {
    /// The media type of a picture or a document; `nil` for everything else.
    static func type(of bytes: [UInt8], as kind: MediaRequest.Kind) -> String? {
        switch kind {
        case .document: bytes.starts(with: Array("%PDF-".utf8)) ? "application/pdf" : nil
        case .image: picture(bytes)
        }
    }

    private static func picture(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if bytes.starts(with: Array("GIF87a".utf8)) || bytes.starts(with: Array("GIF89a".utf8)) { return "image/gif" }
        if bytes.count >= 12, bytes.starts(with: Array("RIFF".utf8)), bytes[8..<12].elementsEqual("WEBP".utf8) {
            return "image/webp"
        }
        return nil
    }
}

/// Media types of pictures, sounds and documents.
enum GeminiMedia {
    /// The format, in OpenAI's words, of a sound that has one there.
    static func audioFormat(_ type: String) -> String? {
        switch type {
        case "audio/wav": "wav"
        case "audio/mp3": "mp3"
        default: nil
        }
    }

    /// The media type of a format in OpenAI's words.
    static func audioType(_ format: String?) -> String {
        let format = format ?? "wav"
        let isPlain = format.utf8.count <= 32 && format.utf8.allSatisfy { $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 }
        return isPlain && !format.isEmpty ? "audio/" + format.lowercased() : "audio/wav"
    }

    /// The media type that an address ends like; `nil` when it says nothing.
    static func type(ofAddress url: String) -> String? {
        let path = url.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        guard let dot = path.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let name = String(decoding: path[path.index(after: dot)...].prefix(8), as: UTF8.self).lowercased()
        return types[name]
    }

    private static let types: [String: String] = [
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif",
        "heic": "image/heic", "heif": "image/heif", "bmp": "image/bmp", "pdf": "application/pdf", "txt": "text/plain",
        "md": "text/markdown", "html": "text/html", "htm": "text/html", "csv": "text/csv", "xml": "text/xml",
        "json": "application/json", "mp3": "audio/mp3", "wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg",
        "m4a": "audio/mp4", "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mpeg": "video/mpeg",
    ]
}

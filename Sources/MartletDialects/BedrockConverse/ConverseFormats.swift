/// The formats of pictures, documents, sounds and films, by their media types.
///
/// - SeeAlso: Amazon Bedrock API reference, `ImageBlock`, `DocumentBlock`, `AudioBlock`, `VideoBlock`.
enum ConverseFormats {
    private static let images = ["png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"]

    private static let documents = [
        "pdf": "application/pdf", "csv": "text/csv", "doc": "application/msword",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls": "application/vnd.ms-excel",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "html": "text/html",
        "txt": "text/plain", "md": "text/markdown",
    ]

    private static let videos = [
        "video/mp4": "mp4", "video/webm": "webm", "video/quicktime": "mov", "video/x-matroska": "mkv",
        "video/mpeg": "mpeg", "video/x-flv": "flv", "video/x-ms-wmv": "wmv", "video/3gpp": "three_gp",
    ]

    /// Sounds that are taken, by the names OpenAI's clients use and those of the format itself.
    private static let sounds: Set<String> = ["mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "webm", "m4a"]

    static func image(_ mediaType: String) -> String? {
        mediaType == "image/jpg" ? "jpeg" : images.first { $0.value == mediaType }?.key
    }

    static func imageType(_ format: String) -> String? { images[format] }

    static func document(_ mediaType: String) -> String? {
        if let known = documents.first(where: { $0.value == mediaType }) { return known.key }
        return mediaType.hasPrefix("text/") ? "txt" : nil
    }

    static func documentType(_ format: String) -> String? { documents[format] }

    static func video(_ mediaType: String) -> String? { videos[mediaType] }

    static func sound(_ format: String?) -> String? { format.flatMap { sounds.contains($0) ? $0 : nil } }

    /// The format of a file that is named by its end: `s3://bucket/picture.png`.
    static func ending(of address: String) -> String? {
        guard let dot = address.lastIndex(of: ".") else { return nil }
        let ending = address[address.index(after: dot)...].lowercased()
        let format = ending == "jpg" ? "jpeg" : ending
        return images[format] != nil || documents[format] != nil ? format : nil
    }

    /// The name of a document as the API takes it: letters, digits, hyphens, brackets and single spaces.
    static func documentName(_ name: String) -> String {
        var clean: [UInt8] = []
        for byte in name.utf8.prefix(200) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "("), UInt8(ascii: ")"),
                UInt8(ascii: "["), UInt8(ascii: "]"):
                clean.append(byte)
            case 0x20: if clean.last != 0x20, !clean.isEmpty { clean.append(byte) }
            default: clean.append(UInt8(ascii: "-"))
            }
        }
        if clean.last == 0x20 { clean.removeLast() }
        return clean.isEmpty ? "document" : String(decoding: clean, as: UTF8.self)
    }
}

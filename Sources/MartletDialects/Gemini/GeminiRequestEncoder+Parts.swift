import MartletCore
import MartletWire

extension GeminiRequestEncoder {
    /// Writes a part of a message's content.
    ///
    /// - Throws: ``GatewayError`` for a part without which the model would not see what the caller means.
    mutating func append(
        _ part: ChatPart,
        at path: String,
        to writer: inout GeminiPartWriter
    ) throws(GatewayError) {
        switch part {
        case .text(let text), .refusal(let text):
            if !isNative { dropped.add(text.extra, in: path) }
            // The API refuses contents of empty texts; an empty one says nothing.
            guard !text.text.isEmpty || isNative else { return }
            writer.append(.text(isNative ? text : ChatText(text.text))) { _ in nil }
        case .image(let image): try append(image, at: path, to: &writer)
        case .audio(let audio):
            if !isNative {
                dropped.add(audio.innerExtra, in: path + ".input_audio")
                dropped.add(audio.extra, in: path)
            }
            writer.appendInline(
                GeminiMedia.audioType(audio.format),
                audio.base64,
                isNative ? audio.innerExtra : [],
                isNative ? audio.extra : []
            )
        case .file(let file): try append(file, at: path, to: &writer)
        case .other(_, let value) where isNative: writer.append(raw: value.bytes)
        case .other, .reasoning, .toolCall, .toolResult:
            throw .unsupported(path, "Content of this kind has no form for this model at this place.")
        }
    }

    private mutating func append(
        _ image: ChatImage,
        at path: String,
        to writer: inout GeminiPartWriter
    ) throws(GatewayError) {
        let inner = path + ".image_url"
        if !isNative {
            if let detail = image.detail, detail != "auto" { dropped.add("detail", in: inner) }
            dropped.add(image.innerExtra, in: inner)
            dropped.add(image.extra, in: path)
        }
        let (innerExtra, extra) = isNative ? (image.innerExtra, image.extra) : ([], [])
        if let data = DataURL(image.url) {
            let type = data.mediaType == "image/jpg" ? "image/jpeg" : data.mediaType
            return writer.appendInline(type.isEmpty ? "image/jpeg" : type, data.base64, innerExtra, extra)
        }
        try appendAddress(image.url, "image/jpeg", field: inner + ".url", innerExtra, extra, to: &writer)
    }

    private mutating func append(
        _ file: ChatFile,
        at path: String,
        to writer: inout GeminiPartWriter
    ) throws(GatewayError) {
        let inner = path + ".file"
        if !isNative {
            dropped.add(file.innerExtra, in: inner)
            dropped.add(file.extra, in: path)
            if file.filename != nil { dropped.add("filename", in: inner) }
        }
        let (innerExtra, extra) = isNative ? (file.innerExtra, file.extra) : ([], [])
        if let url = file.dataURL {
            guard let data = DataURL(url) else { throw .invalid(inner + ".file_data", "must be a base64 data URL") }
            if !isNative, file.fileID != nil { dropped.add("file_id", in: inner) }
            let type = data.mediaType.isEmpty ? "application/pdf" : data.mediaType
            writer.appendInline(type, data.base64, innerExtra, extra, name: isNative ? file.filename : nil)
        } else if let url = file.url ?? file.fileID.flatMap({ Self.isOwnFile($0) ? $0 : nil }) {
            let field = file.url == nil ? inner + ".file_id" : inner
            let isTyped = innerExtra.contains { $0.name == "mimeType" }
            let fallback = isNative && !isTyped ? nil : "application/pdf"
            try appendAddress(url, fallback, field: field, innerExtra, extra, name: file.filename, to: &writer)
        } else {
            // Ids are known to the vendor that gave them only.
            throw .unsupported(inner + ".file_id", "A file uploaded elsewhere cannot be read by this model.")
        }
    }

    /// Whether an id is the address of a file at Google.
    private static func isOwnFile(_ id: String) -> Bool {
        id.hasPrefix("https://generativelanguage.googleapis.com/") || id.hasPrefix("gs://")
    }

    /// Writes content by address; Google fetches it.
    private mutating func appendAddress(
        _ url: String,
        _ fallback: String?,
        field: String,
        _ inner: [ExtraMember],
        _ extra: [ExtraMember],
        name: String? = nil,
        to writer: inout GeminiPartWriter
    ) throws(GatewayError) {
        let start = url.prefix(8).lowercased()
        let isKnown = start.hasPrefix("https://") || start.hasPrefix("http://") || start.hasPrefix("gs://")
        guard isKnown || isNative else { throw .invalid(field, "must be an https or data URL") }
        let type = GeminiMedia.type(ofAddress: url) ?? fallback
        var part = JSONWriter(reserving: 96)
        part.object { writer in
            writer.key("fileData")
            writer.object { writer in
                if inner.value("mimeType") == nil { writer.member("mimeType", isNative ? nil : type) }
                writer.member("fileUri", url)
                if isNative { writer.member("displayName", name) }
                writer.members(inner)
            }
            writer.members(extra)
        }
        writer.append(raw: part.bytes)
    }

    /// Writes the result of a tool; media that it cannot hold stand behind all results.
    mutating func resultPart(
        _ result: ChatToolResult,
        name: String,
        id: String,
        _ path: String
    ) throws(GatewayError) -> (part: [UInt8], media: [[UInt8]]) {
        var text = ""
        var media = GeminiPartWriter()
        let isString = result.content.count == 1 && result.content[0].isPlainText
        for (index, part) in result.content.enumerated() {
            let place = isString ? "\(path).content" : "\(path).content[\(index)]"
            if case .text(let piece) = part {
                if !isNative { dropped.add(piece.extra, in: place) }
                // Several texts are one answer; a line between them keeps them apart.
                text += text.isEmpty || piece.text.isEmpty ? piece.text : "\n" + piece.text
            } else {
                try append(part, at: place, to: &media)
            }
        }
        if !isNative { dropped.add(result.extra, in: path) }
        var writer = JSONWriter(reserving: 96)
        let holdsMedia = traits.takesMediaInResults || isNative
        writer.object { writer in
            writer.key("functionResponse")
            writer.object { writer in
                writer.member("id", id.isEmpty ? nil : id)
                writer.member("name", name)
                writer.key("response")
                writer.raw(GeminiResult.encode(text, isError: result.isError ?? false))
                if holdsMedia, !media.parts.isEmpty {
                    writer.key("parts")
                    writer.array { writer in
                        for part in media.parts { writer.raw(part) }
                    }
                }
                if isNative { writer.members(result.extra.withoutMarks) }
            }
        }
        return (writer.bytes, holdsMedia ? [] : media.parts)
    }
}

import MartletCore
import MartletWire

extension ConverseRequestEncoder {
    /// Where parts stand for the block made of them.
    enum Place {
        case system, user, assistant, result
    }

    /// Writes a part of a message's content; `nil` when there is nothing to say.
    ///
    /// - Throws: ``GatewayError`` for a part without which the model would not see what the caller means.
    mutating func contentBlock(
        _ part: ChatPart,
        _ place: Place,
        at path: @autoclosure () -> String
    ) throws(GatewayError) -> AnthropicBlock? {
        switch part {
        case .text(let text), .refusal(let text):
            if text.text.isBlank {
                // The API refuses blank texts; an empty one says nothing.
                if !text.text.isEmpty { base.dropped.add(path()) }
                base.dropped.add(text.extra, in: path())
                return nil
            }
            return block(text.extra, at: path()) { $0.member("text", text.text) }
        case .image(let image) where place == .user || place == .result:
            return try imageBlock(image, at: path())
        case .file(let file) where place == .user || place == .result:
            return try fileBlock(file, at: path())
        case .audio(let audio) where place == .user:
            return try audioBlock(audio, at: path())
        case .other(let type, let value) where type == "guarded_text" && (place == .user || place == .system):
            return try guardBlock(value, at: path())
        case .image, .file, .audio, .other, .reasoning, .toolCall, .toolResult:
            throw .unsupported(path(), "Content of this kind has no form for this model at this place.")
        }
    }

    private mutating func block(
        _ extra: [ExtraMember],
        at path: @autoclosure () -> String,
        _ body: (inout JSONWriter) -> Void
    ) -> AnthropicBlock {
        var block = AnthropicBlock(body)
        if !extra.isEmpty { block.cache = mark(extra, in: path()) }
        return block
    }

    private mutating func imageBlock(_ image: ChatImage, at path: String) throws(GatewayError) -> AnthropicBlock {
        let inner = DroppedPaths.path(path, "image_url")
        if let detail = image.detail, detail != "auto" { base.dropped.add("detail", in: inner) }
        base.dropped.add(image.innerExtra, in: inner)
        if let data = DataURL(image.url) {
            return try dataBlock(data, name: nil, image.extra, at: path, field: inner + ".url")
        }
        return try storedBlock(image.url, name: nil, image.extra, at: path, field: inner + ".url")
    }

    private mutating func fileBlock(_ file: ChatFile, at path: String) throws(GatewayError) -> AnthropicBlock {
        let inner = DroppedPaths.path(path, "file")
        base.dropped.add(file.innerExtra, in: inner)
        if let url = file.dataURL {
            guard let data = DataURL(url) else { throw .invalid(inner + ".file_data", "must be a base64 data URL") }
            if file.fileID != nil { base.dropped.add("file_id", in: inner) }
            return try dataBlock(data, name: file.filename, file.extra, at: path, field: inner + ".file_data")
        }
        if let url = file.url { return try storedBlock(url, name: file.filename, file.extra, at: path, field: path) }
        throw .unsupported(inner + ".file_id", "A file uploaded elsewhere cannot be read by this model.")
    }

    /// Writes a picture, a film or a document by what the data is, whatever the part was called.
    private mutating func dataBlock(
        _ data: DataURL,
        name: String?,
        _ extra: [ExtraMember],
        at path: String,
        field: String
    ) throws(GatewayError) -> AnthropicBlock {
        if let format = ConverseFormats.image(data.mediaType) {
            if name != nil { base.dropped.add("filename", in: DroppedPaths.path(path, "file")) }
            return block(extra, at: path) { writer in
                writer.object("image") { writer in
                    writer.member("format", format)
                    writer.source(data.base64)
                }
            }
        }
        if traits.claude == nil, let format = ConverseFormats.video(data.mediaType) {
            if name != nil { base.dropped.add("filename", in: DroppedPaths.path(path, "file")) }
            return block(extra, at: path) { writer in
                writer.object("video") { writer in
                    writer.member("format", format)
                    writer.source(data.base64)
                }
            }
        }
        guard let format = ConverseFormats.document(data.mediaType) else {
            throw .unsupported(field, "Data of this media type cannot be read by this model.")
        }
        let sent = documentName(name, at: path)
        return block(extra, at: path) { writer in
            writer.object("document") { writer in
                writer.member("name", sent)
                writer.member("format", format)
                writer.source(data.base64)
            }
        }
    }

    /// Writes what stands in S3, which the service fetches itself; every other address must be fetched before.
    private mutating func storedBlock(
        _ url: String,
        name: String?,
        _ extra: [ExtraMember],
        at path: String,
        field: String
    ) throws(GatewayError) -> AnthropicBlock {
        guard url.hasPrefix("s3://"), let format = ConverseFormats.ending(of: url) else {
            throw .invalid(field, "must be a data URL, or an s3 address whose end tells the format")
        }
        let isImage = ConverseFormats.imageType(format) != nil
        let sent = isImage ? nil : documentName(name, at: path)
        let body = { (writer: inout JSONWriter) in
            writer.member("name", sent)
            writer.member("format", format)
            writer.key("source")
            writer.converse("s3Location") { $0.member("uri", url) }
        }
        return block(extra, at: path) { isImage ? $0.object("image", body) : $0.object("document", body) }
    }

    /// The name of a document, which must be plain, and different from all others of the request.
    private mutating func documentName(_ name: String?, at path: String) -> String {
        let clean = ConverseFormats.documentName(name ?? "document")
        var sent = clean
        var number = 2
        while !documentNames.insert(sent).inserted {
            sent = "\(clean.prefix(190))-\(number)"
            number += 1
        }
        return sent
    }

    private mutating func audioBlock(_ audio: ChatAudio, at path: String) throws(GatewayError) -> AnthropicBlock {
        let inner = DroppedPaths.path(path, "input_audio")
        guard traits.claude == nil, let format = ConverseFormats.sound(audio.format) else {
            throw .unsupported(inner, "Sound of this kind cannot be heard by this model.")
        }
        base.dropped.add(audio.innerExtra, in: inner)
        return block(audio.extra, at: path) { writer in
            writer.object("audio") { writer in
                writer.member("format", format)
                writer.source(audio.base64)
            }
        }
    }

    /// Writes a text that the guardrail is to look at: with one of these it looks at nothing else.
    private mutating func guardBlock(_ value: JSONText, at path: String) throws(GatewayError) -> AnthropicBlock {
        guard let document = try? JSONDocument(value.bytes),
            let text = document.withView({ $0.member("text")?.string() }), !text.isBlank
        else { throw .invalid(path + ".text", "must be a text that is not blank") }
        document.withView { view in
            for member in view.members where !member.value.isNull {
                if member.key.equalsString("type") || member.key.equalsString("text") { continue }
                base.dropped.add(member.key.string() ?? "", in: path)
            }
        }
        return AnthropicBlock { writer in
            writer.object("guardContent") { writer in
                writer.key("text")
                writer.object { $0.member("text", text) }
            }
        }
    }
}

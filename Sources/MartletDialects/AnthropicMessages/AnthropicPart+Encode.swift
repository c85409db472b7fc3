import MartletCore
import MartletWire

extension AnthropicRequestEncoder {
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
                if !text.text.isEmpty { dropped.add(path()) }
                if !isNative { dropped.add(text.extra, in: path()) }
                return nil
            }
            return block("text", text.extra, at: path()) { $0.member("text", text.text) }
        case .image(let image) where place == .user || place == .result || isNative:
            return try imageBlock(image, at: path())
        case .file(let file) where place == .user || place == .result || isNative:
            return try fileBlock(file, at: path())
        case .other(_, let value) where isNative:
            return AnthropicBlock(raw: value)
        case .image, .file, .audio, .other, .reasoning, .toolCall, .toolResult:
            throw .unsupported(path(), "Content of this kind has no form for this model at this place.")
        }
    }

    private mutating func imageBlock(_ image: ChatImage, at path: String) throws(GatewayError) -> AnthropicBlock {
        let inner = DroppedPaths.path(path, "image_url")
        if !isNative {
            if let detail = image.detail, detail != "auto" { dropped.add("detail", in: inner) }
            dropped.add(image.innerExtra, in: inner)
        }
        if let data = DataURL(image.url) {
            return try dataBlock(data, title: nil, image.extra, image.innerExtra, at: path, field: inner + ".url")
        }
        guard image.url.isWebAddress else { throw .invalid(inner + ".url", "must be an https or data URL") }
        return addressBlock("image", image.url, title: nil, image.extra, image.innerExtra, at: path)
    }

    private mutating func fileBlock(_ file: ChatFile, at path: String) throws(GatewayError) -> AnthropicBlock {
        let inner = DroppedPaths.path(path, "file")
        if !isNative { dropped.add(file.innerExtra, in: inner) }
        if let url = file.dataURL {
            guard let data = DataURL(url) else { throw .invalid(inner + ".file_data", "must be a base64 data URL") }
            if !isNative, file.fileID != nil { dropped.add("file_id", in: inner) }
            let block = try dataBlock(
                data,
                title: file.filename,
                file.extra,
                file.innerExtra,
                at: path,
                field: inner + ".file_data"
            )
            if data.mediaType.hasPrefix("image/"), file.filename != nil { dropped.add("filename", in: inner) }
            return block
        }
        if let url = file.url {
            guard url.isWebAddress else { throw .invalid(path, "must be an https URL") }
            return addressBlock("document", url, title: file.filename, file.extra, file.innerExtra, at: path)
        }
        // Ids are known to the vendor that gave them only; those of this one begin so.
        guard let id = file.fileID, id.hasPrefix("file_") else {
            throw .unsupported(inner + ".file_id", "A file uploaded elsewhere cannot be read by this model.")
        }
        return block("document", file.extra, at: path) { writer in
            writer.key("source")
            writer.object { writer in
                writer.member("type", "file")
                writer.member("file_id", id)
            }
            writer.member("title", file.filename)
        }
    }

    /// Writes an image or a document by what the data is, whatever the part was called.
    private mutating func dataBlock(
        _ data: DataURL,
        title: String?,
        _ extra: [ExtraMember],
        _ sourceExtra: [ExtraMember],
        at path: String,
        field: String
    ) throws(GatewayError) -> AnthropicBlock {
        let type = data.mediaType == "image/jpg" ? "image/jpeg" : data.mediaType
        let isImage = ["image/jpeg", "image/png", "image/gif", "image/webp"].contains(type)
        var base64 = data.base64
        var isText = false
        if !isNative, !isImage, type.hasPrefix("text/"), let bytes = DataURL.decode(base64) {
            isText = true
            base64 = String(decoding: bytes, as: UTF8.self)
        }
        guard isImage || isText || type == "application/pdf" || isNative else {
            throw .unsupported(field, "Data of this media type cannot be read by this model.")
        }
        let sourceMembers = isNative ? sourceExtra : []
        let body = { (writer: inout JSONWriter) in
            writer.key("source")
            writer.object { writer in
                writer.member("type", isText ? "text" : "base64")
                writer.member("media_type", isText ? "text/plain" : type)
                writer.member("data", base64)
                writer.members(sourceMembers)
            }
            if !isImage { writer.member("title", title) }
        }
        return isImage ? block("image", extra, at: path, body) : block("document", extra, at: path, body)
    }

    private mutating func addressBlock(
        _ type: StaticString,
        _ url: String,
        title: String?,
        _ extra: [ExtraMember],
        _ sourceExtra: [ExtraMember],
        at path: String
    ) -> AnthropicBlock {
        let sourceMembers = isNative ? sourceExtra : []
        return block(type, extra, at: path) { writer in
            writer.key("source")
            writer.object { writer in
                writer.member("type", "url")
                writer.member("url", url)
                writer.members(sourceMembers)
            }
            writer.member("title", title)
        }
    }

    /// Writes a call; arguments that are no JSON object are wrapped in one.
    mutating func callBlock(_ call: ChatToolCall, id: String, at path: String) -> AnthropicBlock {
        let name = names.name(call.name)
        let input = call.anthropicInput
        if !isNative { dropped.add(call.innerExtra, in: "\(path).\(call.kind == .function ? "function" : "custom")") }
        return block("tool_use", call.extra, at: path) { writer in
            writer.member("id", id)
            writer.member("name", name)
            writer.key("input")
            writer.raw(input)
        }
    }

    /// Writes reasoning that the upstream can take back; `nil` for other reasoning.
    func reasoningBlock(_ reasoning: ChatReasoning) -> AnthropicBlock? {
        if let origin = reasoning.origin, let own = codec.origin, !origin.utf8.elementsEqual(own.utf8) { return nil }
        guard reasoning.isSealed, !reasoning.isGeminis, !reasoning.isDetails else { return nil }
        var made = AnthropicBlock { writer in
            reasoning.writeAnthropicMembers(to: &writer)
            if isNative { writer.members(reasoning.extra) }
        }
        made.isThinking = true
        return made
    }
}

extension ChatToolCall {
    /// The arguments as a JSON object; what is none is wrapped in one.
    var anthropicInput: [UInt8] {
        var writer = JSONWriter()
        if kind == .custom {
            writer.object { $0.member("input", arguments) }
            return writer.bytes
        }
        if arguments.isBlank { return Array("{}".utf8) }
        if let document = try? JSONDocument(Array(arguments.utf8)), document.rootKind == .object {
            return Array(document.bytes[document.rootRange])
        }
        writer.object { $0.member("_raw", arguments) }
        return writer.bytes
    }
}

extension AnthropicBlock {
    /// A block of this dialect as it came.
    init(raw value: JSONText) {
        self.init { _ in }
        json = value.bytes
    }
}

extension String {
    /// Whether there is nothing but white space.
    var isBlank: Bool { utf8.allSatisfy { $0 <= 0x20 } || allSatisfy(\.isWhitespace) }

    /// Whether the text begins like an address the upstream can fetch.
    fileprivate var isWebAddress: Bool {
        let start = prefix(8).lowercased()
        return start.hasPrefix("https://") || start.hasPrefix("http://")
    }
}

extension GatewayError {
    /// A member that this dialect cannot carry and that must not be left out.
    static func unsupported(_ param: String, _ reason: String) -> GatewayError {
        GatewayError(.unsupportedParameter, "Unsupported '\(param)': \(reason)", param: param)
    }
}

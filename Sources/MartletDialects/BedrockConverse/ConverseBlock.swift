import MartletCore
import MartletWire

extension ChatPart {
    /// Decodes a block; one of a kind that only this dialect has is kept as it came.
    ///
    /// - Parameter origin: The account that reasoning is marked with.
    init(converse view: JSONView, origin: String?) throws(JSONFieldError) {
        guard view.kind == .object else { throw view.error(expected: "an object") }
        var members = view.members
        guard let member = members.next(), members.next() == nil, let name = member.key.string() else {
            // A block says one thing.
            self = .other(type: "", value: view.text)
            return
        }
        let value = member.value
        let known: ChatPart? =
            switch name {
            case "text": .text(ChatText(try value.requireString()))
            case "image": Self.image(value)
            case "document": Self.document(value)
            case "toolUse": try Self.call(value)
            case "toolResult": try Self.result(value)
            case "reasoningContent": Self.reasoning(value, origin)
            case "citationsContent": Self.cited(value)
            default: nil
            }
        self = known ?? .other(type: name, value: view.text)
    }

    /// The bytes of a source; `nil` for sources of other kinds, which only this dialect has.
    private static func bytes(_ view: JSONView) -> String? {
        guard let source = view.member("source"), let reader = try? JSONObjectReader(source), reader.rest.count == 1
        else {
            return nil
        }
        return source.member("bytes")?.string()
    }

    private static func image(_ view: JSONView) -> ChatPart? {
        guard let format = view.member("format")?.string(), let type = ConverseFormats.imageType(format),
            let base64 = bytes(view), var reader = try? JSONObjectReader(view)
        else { return nil }
        _ = (reader.take("format"), reader.take("source"))
        var image = ChatImage(url: "data:\(type);base64,\(base64)")
        image.innerExtra = reader.extra
        return .image(image)
    }

    private static func document(_ view: JSONView) -> ChatPart? {
        guard let format = view.member("format")?.string(), let type = ConverseFormats.documentType(format),
            let base64 = bytes(view), var reader = try? JSONObjectReader(view)
        else { return nil }
        _ = (reader.take("format"), reader.take("source"))
        var file = ChatFile(dataURL: "data:\(type);base64,\(base64)", filename: reader.lenientString("name"))
        file.innerExtra = reader.extra
        return .file(file)
    }

    private static func call(_ view: JSONView) throws(JSONFieldError) -> ChatPart? {
        var reader = try JSONObjectReader(view)
        let input = try reader.require("input", expected: "an object")
        let call = ChatToolCall(
            id: try reader.requireString("toolUseId"),
            name: try reader.requireString("name"),
            arguments: String(decoding: input.rawBytes, as: UTF8.self)
        )
        // The service's own tools are not the caller's to run.
        return reader.isExhausted ? .toolCall(call) : nil
    }

    private static func result(_ view: JSONView) throws(JSONFieldError) -> ChatPart? {
        var reader = try JSONObjectReader(view)
        var content: [ChatPart] = []
        for element in try reader.requireArray("content") {
            content.append(try ChatPart(converse: element, origin: nil))
        }
        let id = try reader.requireString("toolUseId")
        let status = try reader.takeString("status")
        guard reader.isExhausted, status == nil || status == "error" || status == "success" else { return nil }
        return .toolResult(ChatToolResult(callID: id, content: content, isError: status.map { $0 == "error" }))
    }

    private static func reasoning(_ view: JSONView, _ origin: String?) -> ChatPart? {
        if let text = view.member("reasoningText"), var reader = try? JSONObjectReader(text) {
            guard let words = reader.lenientString("text") else { return nil }
            let signature = reader.lenientString("signature")
            guard reader.isExhausted else { return nil }
            return .reasoning(ChatReasoning(words, signature: signature, origin: origin))
        }
        return view.member("redactedContent")?.string().map {
            .reasoning(ChatReasoning("", redacted: $0, origin: origin))
        }
    }

    /// A text with the places it rests on, which must be read even where those are not understood.
    private static func cited(_ view: JSONView) -> ChatPart? {
        guard let content = view.member("content"), content.kind == .array else { return nil }
        var text = ""
        for element in content.elements {
            guard let piece = element.member("text")?.string() else { return nil }
            text += piece
        }
        guard var reader = try? JSONObjectReader(view) else { return nil }
        _ = reader.take("content")
        return .text(ChatText(text, extra: reader.extra))
    }
}

extension ChatPart {
    /// Writes the block as it came, or what a block of this dialect can hold of another one's part.
    func writeConverse(to writer: inout JSONWriter) {
        switch self {
        case .text(let text) where text.extra.value("citations") != nil:
            writer.converse("citationsContent") { writer in
                writer.key("content")
                writer.array { writer in writer.object { $0.member("text", text.text) } }
                writer.members(text.extra)
            }
        case .text(let text), .refusal(let text): writer.object { $0.member("text", text.text) }
        case .image(let image):
            guard let data = DataURL(image.url), let format = ConverseFormats.image(data.mediaType) else { return }
            writer.converse("image") { writer in
                writer.member("format", format)
                writer.source(data.base64)
                writer.members(image.innerExtra)
            }
        case .file(let file):
            guard let data = file.dataURL.flatMap({ DataURL($0) }),
                let format = ConverseFormats.document(data.mediaType)
            else { return }
            writer.converse("document") { writer in
                writer.member("name", file.filename)
                writer.member("format", format)
                writer.source(data.base64)
                writer.members(file.innerExtra)
            }
        case .reasoning(let reasoning): reasoning.writeConverse(to: &writer)
        case .toolCall(let call): call.writeConverse(id: call.id, name: call.name, to: &writer)
        case .toolResult(let result):
            writer.converse("toolResult") { writer in
                writer.member("toolUseId", result.callID)
                writer.key("content")
                writer.array { writer in
                    for part in result.content { part.writeConverse(to: &writer) }
                }
                if let isError = result.isError { writer.member("status", isError ? "error" : "success") }
            }
        case .other(_, let value): writer.raw(value.bytes)
        case .audio: break
        }
    }
}

extension ChatReasoning {
    /// Writes reasoning.
    func writeConverse(to writer: inout JSONWriter) {
        writer.converse("reasoningContent") { writer in
            if let redacted { return writer.member("redactedContent", redacted) }
            writer.key("reasoningText")
            writer.object { writer in
                writer.member("text", text)
                writer.member("signature", signature)
            }
        }
    }
}

extension ChatToolCall {
    /// Writes a call under the names that are sent.
    func writeConverse(id: String, name: String, to writer: inout JSONWriter) {
        writer.converse("toolUse") { writer in
            writer.member("toolUseId", id)
            writer.member("name", name)
            writer.key("input")
            writer.raw(anthropicInput)
        }
    }
}

extension JSONWriter {
    /// Writes a block: an object with one member, which is an object.
    mutating func converse(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        object { $0.object(name, body) }
    }

    /// Writes a member that is an object.
    mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        key(name)
        object(body)
    }

    /// Writes the member `source` of data.
    mutating func source(_ base64: String) { object("source") { $0.member("bytes", base64) } }
}

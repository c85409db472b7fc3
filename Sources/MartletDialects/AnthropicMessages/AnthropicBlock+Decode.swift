import MartletCore
import MartletWire

extension ChatPart {
    /// Decodes the content of a message: a string or a list of blocks.
    static func parts(anthropic value: JSONView) throws(JSONFieldError) -> [ChatPart] {
        if let text = value.string() { return [.text(ChatText(text))] }
        guard value.kind == .array else { throw value.error(expected: "a string or an array") }
        var parts: [ChatPart] = []
        for element in value.elements { parts.append(try ChatPart(anthropic: element, origin: nil)) }
        return parts
    }

    /// Decodes a block; one of a type that only this dialect has is kept as it came.
    ///
    /// - Parameter origin: The account that thinking is marked with.
    init(anthropic view: JSONView, origin: String?) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let type = try reader.requireString("type")
        switch type {
        case "text":
            let text = try reader.requireString("text")
            self = .text(ChatText(text, extra: reader.extra))
        case "thinking":
            let text = try reader.requireString("thinking")
            let signature = try reader.takeString("signature").flatMap { $0.isEmpty ? nil : $0 }
            self = .reasoning(ChatReasoning(text, signature: signature, origin: origin, extra: reader.extra))
        case "redacted_thinking":
            let data = try reader.requireString("data")
            self = .reasoning(ChatReasoning("", redacted: data, origin: origin, extra: reader.extra))
        case "tool_use":
            let input = try reader.require("input", expected: "an object")
            var call = ChatToolCall(
                id: try reader.requireString("id"),
                name: try reader.requireString("name"),
                arguments: String(decoding: input.rawBytes, as: UTF8.self)
            )
            call.extra = reader.extra
            self = .toolCall(call)
        case "tool_result":
            var result = ChatToolResult(
                callID: try reader.requireString("tool_use_id"),
                content: try reader.takeValue("content").map { (value) throws(JSONFieldError) in
                    try ChatPart.parts(anthropic: value)
                } ?? [],
                isError: try reader.takeBool("is_error")
            )
            result.extra = reader.extra
            self = .toolResult(result)
        case "image", "document":
            guard let source = try Self.takeSource(&reader) else {
                self = .other(type: type, value: view.text)
                return
            }
            if type == "image" {
                var image = ChatImage(url: source.url)
                (image.extra, image.innerExtra) = (reader.extra, source.extra)
                self = .image(image)
            } else {
                let title = try reader.takeString("title")
                var file = source.isData ? ChatFile(dataURL: source.url) : ChatFile(url: source.url)
                (file.filename, file.extra, file.innerExtra) = (title, reader.extra, source.extra)
                self = .file(file)
            }
        default:
            self = .other(type: type, value: view.text)
        }
    }

    /// Takes a source that is data or an address; `nil` for other kinds, which only this dialect has.
    private static func takeSource(
        _ reader: inout JSONObjectReader
    ) throws(JSONFieldError) -> (url: String, isData: Bool, extra: [ExtraMember])? {
        var source = try JSONObjectReader(try reader.require("source", expected: "an object"))
        switch try source.requireString("type") {
        case "url":
            let url = try source.requireString("url")
            return (url, false, source.extra)
        case "base64":
            let url = "data:\(try source.requireString("media_type"));base64,\(try source.requireString("data"))"
            return (url, true, source.extra)
        default: return nil
        }
    }
}

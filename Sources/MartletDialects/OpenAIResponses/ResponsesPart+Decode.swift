import MartletCore
import MartletWire

extension ChatPart {
    /// Decodes the content of a message or the output of a tool: a string or a list of parts.
    static func parts(responses value: JSONView) throws(JSONFieldError) -> [ChatPart] {
        if let text = value.string() { return [.text(ChatText(text))] }
        guard value.kind == .array else { throw value.error(expected: "a string or an array") }
        var parts: [ChatPart] = []
        for element in value.elements { parts.append(try ChatPart(responses: element)) }
        return parts
    }

    /// Decodes a part; one of a type that only this dialect has is kept as it came.
    ///
    /// Parts of chat completions are taken as well: many clients mix the two.
    init(responses view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let type = try reader.requireString("type")
        switch type {
        case "input_text", "output_text", "text":
            var text = ChatText(try reader.requireString("text"))
            reader.dropEmptyList("annotations")
            reader.dropEmptyList("logprobs")
            text.extra = reader.extra
            self = .text(text)
        case "refusal":
            let text = try reader.requireString("refusal")
            self = .refusal(ChatText(text, extra: reader.extra))
        case "input_image" where reader.peek("file_id")?.isNull ?? true:
            _ = reader.take("file_id")
            var image = ChatImage(url: try reader.requireString("image_url"), detail: try reader.takeString("detail"))
            image.extra = reader.extra
            self = .image(image)
        case "image_url":
            var inner = try JSONObjectReader(try reader.require("image_url", expected: "an object"))
            var image = ChatImage(url: try inner.requireString("url"), detail: try inner.takeString("detail"))
            image.extra = reader.extra.joined(inner.extra, without: "type", "detail", "image_url")
            self = .image(image)
        case "input_audio":
            var inner = try JSONObjectReader(try reader.require("input_audio", expected: "an object"))
            var audio = ChatAudio(base64: try inner.requireString("data"), format: try inner.takeString("format"))
            (audio.extra, audio.innerExtra) = (reader.extra, inner.extra)
            self = .audio(audio)
        case "input_file":
            var file = try ChatFile(responses: &reader)
            file.extra = reader.extra
            self = .file(file)
        case "file":
            var inner = try JSONObjectReader(try reader.require("file", expected: "an object"))
            var file = try ChatFile(responses: &inner)
            file.extra = reader.extra.joined(
                inner.extra,
                without: "type",
                "file_id",
                "file_data",
                "file_url",
                "filename"
            )
            self = .file(file)
        default: self = .other(type: type, value: view.text)
        }
    }
}

extension ChatFile {
    fileprivate init(responses reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            fileID: try reader.takeString("file_id"),
            dataURL: try reader.takeString("file_data"),
            url: try reader.takeString("file_url"),
            filename: try reader.takeString("filename")
        )
    }
}

extension ChatToolCall {
    /// Decodes a call.
    ///
    /// - Parameter type: The type of the item, which was taken.
    init(item reader: inout JSONObjectReader, type: String) throws(JSONFieldError) {
        let isCustom = type == "custom_tool_call"
        let id = try reader.takeString("call_id")
        let name = try reader.requireString("name")
        var arguments = ""
        // Some clients send the arguments as an object in place of its text.
        if let value = reader.takeValue(isCustom ? "input" : "arguments") {
            arguments = value.string() ?? String(decoding: value.rawBytes, as: UTF8.self)
        }
        self.init(
            id: id ?? reader.peek("id")?.string() ?? "",
            kind: isCustom ? .custom : .function,
            name: name,
            arguments: arguments
        )
        extra = reader.extra.filter { !$0.isNull }
    }
}

extension ChatReasoning {
    /// Decodes reasoning: the text is that of the model where it is there, else the summary.
    ///
    /// - Parameters:
    ///   - reader: The item without its type.
    ///   - origin: The account that it is marked with; what the gateway sealed itself knows its own.
    init(item reader: inout JSONObjectReader, origin: String?) throws(JSONFieldError) {
        let sealed = try reader.takeString("encrypted_content")
        let summary = Self.text(reader.peek("summary"), separator: "\n\n")
        let content = Self.text(reader.peek("content"), separator: "")
        self.init(content.isEmpty ? summary : content)
        if let sealed, !sealed.isEmpty {
            if let seal = ResponsesSeal(sealed) {
                (signature, redacted, self.origin) = (seal.signature, seal.redacted, seal.origin)
            } else {
                (signature, self.origin) = (sealed, origin)
            }
        }
        extra = reader.extra.filter { !$0.isNull }
    }

    /// The texts of a list of parts.
    static func text(_ view: JSONView?, separator: String) -> String {
        guard let view, view.kind == .array else { return "" }
        return view.elements.compactMap { $0.member("text")?.string() }.joined(separator: separator)
    }
}

extension JSONObjectReader {
    /// Takes a member that is an empty list or null, which says nothing.
    mutating func dropEmptyList(_ name: StaticString) {
        guard let value = peek(name) else { return }
        let isEmpty = value.kind == .array && !value.elements.contains { _ in true }
        if value.isNull || isEmpty { _ = take(name) }
    }
}

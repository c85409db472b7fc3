import MartletCore
import MartletWire

/// A part of a content as it came: one field of data and what modifies it.
struct GeminiPart {
    /// The typed part; `nil` where the part only carries a signature.
    var part: ChatPart?
    /// The signature of the model's thoughts on it, without a mark.
    var signature: String?

    /// Reads a part.
    ///
    /// - Parameters:
    ///   - view: The part.
    ///   - callID: Makes the id of a call that has none, of its name and arguments.
    ///   - resultID: Finds the call that a result belongs to, by id and name.
    init(
        _ view: JSONView,
        callID: (_ name: String, _ arguments: String) -> String = { _, _ in "" },
        resultID: (_ id: String, _ name: String) -> String = { id, _ in id }
    ) {
        guard var reader = try? JSONObjectReader(view) else {
            part = .other(type: "", value: view.text)
            return
        }
        signature = reader.lenientString("thoughtSignature").flatMap { $0.isEmpty ? nil : $0 }
        if let text = reader.lenientString("text") {
            let isThought = reader.peek("thought")?.bool() ?? false
            if reader.peek("thought")?.bool() != nil { _ = reader.take("thought") }
            if isThought {
                part = .reasoning(ChatReasoning(text, extra: reader.extra))
            } else if !text.isEmpty || signature == nil || !reader.isExhausted {
                part = .text(ChatText(text, extra: reader.extra))
            }
        } else if let call = Self.call(&reader, callID) {
            part = .toolCall(call)
        } else if let result = Self.result(&reader, resultID) {
            part = .toolResult(result)
        } else if let media = Self.inline(&reader) ?? Self.file(&reader) {
            part = media
        } else if !reader.isExhausted || signature == nil {
            let name = reader.rest.first?.key.string() ?? ""
            part = .other(type: name, value: Self.withoutSignature(view))
        }
    }

    private static func withoutSignature(_ view: JSONView) -> JSONText {
        guard view.member("thoughtSignature") != nil else { return view.text }
        var writer = JSONWriter()
        writer.object { writer in
            for member in view.members where !member.key.equalsString("thoughtSignature") {
                writer.key(member.key)
                writer.raw(member.value)
            }
        }
        return JSONText(writer.bytes)
    }

    private static func call(
        _ reader: inout JSONObjectReader,
        _ makeID: (String, String) -> String
    ) -> ChatToolCall? {
        guard let name = reader.peek("functionCall")?.member("name")?.string(),
            var inner = reader.lenientObject("functionCall")
        else { return nil }
        _ = inner.take("name")
        let arguments = inner.lenient("args", .object).map(Self.compact) ?? "{}"
        let id = inner.lenientString("id") ?? ""
        var call = ChatToolCall(id: id.isEmpty ? makeID(name, arguments) : id, name: name, arguments: arguments)
        (call.innerExtra, call.extra) = (inner.extra, reader.extra)
        return call
    }

    /// A value without white space between its tokens: whole answers are indented, arguments of other vendors are not.
    private static func compact(_ view: JSONView) -> String {
        var compact: [UInt8] = []
        compact.reserveCapacity(view.range.count)
        var isInString = false
        var isEscaped = false
        for byte in view.rawBytes {
            if !isInString, byte <= 0x20 { continue }
            compact.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isInString
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            }
        }
        return String(decoding: compact, as: UTF8.self)
    }

    private static func result(
        _ reader: inout JSONObjectReader,
        _ findID: (String, String) -> String
    ) -> ChatToolResult? {
        guard let name = reader.peek("functionResponse")?.member("name")?.string(),
            var inner = reader.lenientObject("functionResponse")
        else { return nil }
        _ = inner.take("name")
        let id = inner.lenientString("id") ?? ""
        var result = ChatToolResult(callID: findID(id, name), content: [])
        if let response = inner.lenient("response", .object) {
            let (text, isError) = GeminiResult.decode(response)
            result.content = [.text(ChatText(text))]
            result.isError = isError ? true : nil
        }
        if let parts = inner.lenient("parts", .array) {
            for part in parts.elements { if let part = GeminiPart(part).part { result.content.append(part) } }
        }
        result.extra = inner.extra + reader.extra + [GeminiMark.name(name)]
        if id.isEmpty { result.extra.append(ExtraMember(name: GeminiMark.madeUpID, value: JSONText("true"))) }
        return result
    }

    private static func inline(_ reader: inout JSONObjectReader) -> ChatPart? {
        guard let type = reader.peek("inlineData")?.member("mimeType")?.string(),
            let data = reader.peek("inlineData")?.member("data")?.string(), !type.isEmpty,
            var inner = reader.lenientObject("inlineData")
        else { return nil }
        _ = inner.take("mimeType")
        _ = inner.take("data")
        if type.hasPrefix("image/") {
            var image = ChatImage(url: "data:\(type);base64,\(data)")
            (image.innerExtra, image.extra) = (inner.extra, reader.extra)
            return .image(image)
        }
        if let format = GeminiMedia.audioFormat(type) {
            var audio = ChatAudio(base64: data, format: format)
            (audio.innerExtra, audio.extra) = (inner.extra, reader.extra)
            return .audio(audio)
        }
        let name = inner.lenientString("displayName")
        var file = ChatFile(dataURL: "data:\(type);base64,\(data)", filename: name)
        (file.innerExtra, file.extra) = (inner.extra, reader.extra)
        return .file(file)
    }

    private static func file(_ reader: inout JSONObjectReader) -> ChatPart? {
        guard let url = reader.peek("fileData")?.member("fileUri")?.string(),
            var inner = reader.lenientObject("fileData")
        else { return nil }
        _ = inner.take("fileUri")
        // The type stays as it came: addresses do not tell it.
        if inner.peek("mimeType")?.string()?.hasPrefix("image/") == true {
            var image = ChatImage(url: url)
            (image.innerExtra, image.extra) = (inner.extra, reader.extra)
            return .image(image)
        }
        let name = inner.lenientString("displayName")
        var file = ChatFile(url: url, filename: name)
        (file.innerExtra, file.extra) = (inner.extra, reader.extra)
        return .file(file)
    }
}

/// What a tool answered: always an object on the wire.
enum GeminiResult {
    /// The text of an answer, and whether it tells of a failure.
    static func decode(_ response: JSONView) -> (text: String, isError: Bool) {
        var members = response.members.makeIterator()
        if let only = members.next(), members.next() == nil {
            if only.key.equalsString("output"), let text = only.value.string() { return (text, false) }
            if only.key.equalsString("error") {
                return (only.value.string() ?? String(decoding: only.value.rawBytes, as: UTF8.self), true)
            }
        }
        return (String(decoding: response.rawBytes, as: UTF8.self), false)
    }

    /// The object for a text: itself where it is one, else in the member that Google's own clients use.
    static func encode(_ text: String, isError: Bool) -> [UInt8] {
        let bytes = Array(text.utf8)
        var object: [UInt8]?
        if let document = try? JSONDocument(bytes), document.rootKind == .object {
            object = document.withView { $0.rawBytes }
        }
        if !isError, let object { return object }
        var writer = JSONWriter(reserving: bytes.count + 16)
        writer.object { writer in
            isError ? writer.key("error") : writer.key("output")
            if let object { writer.raw(object) } else { writer.string(bytes) }
        }
        return writer.bytes
    }
}

/// Members that stand among the unknown ones and say what the shared words have no place for.
///
/// Their names begin with `#`, so that nothing a client sends is taken for them; they never leave this codec.
enum GeminiMark {
    /// On the result of a tool: the tool's name.
    static let name = "#name"
    /// On a call or a result: that the id was made up, since there was none.
    static let madeUpID = "#id"

    static func name(_ name: String) -> ExtraMember {
        var writer = JSONWriter()
        writer.string(name)
        return ExtraMember(name: Self.name, value: JSONText(writer.bytes))
    }
}

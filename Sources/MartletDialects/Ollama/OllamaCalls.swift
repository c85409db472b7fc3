import MartletCore
import MartletWire

/// Calls of tools: whole, with arguments as an object.
enum OllamaCalls {
    /// Writes the member `tool_calls`; nothing when there are none.
    static func write(_ calls: [ChatToolCall], to writer: inout JSONWriter) {
        guard !calls.isEmpty else { return }
        writer.key("tool_calls")
        writer.beginArray()
        for (index, call) in calls.enumerated() {
            writer.beginObject()
            if !call.id.isEmpty { writer.member("id", call.id) }
            writer.key("function")
            writer.beginObject()
            writer.member("index", index)
            writer.member("name", call.name)
            writer.key("arguments")
            writer.raw(object(call))
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }

    /// The arguments as an object.
    ///
    /// Text that is none (a model's slip, the input of a custom tool) becomes the member `input` of one, since Ollama
    /// refuses the whole request otherwise.
    private static func object(_ call: ChatToolCall) -> [UInt8] {
        if call.kind == .function {
            let bytes = Array(call.arguments.utf8)
            if bytes.allSatisfy({ $0 <= 0x20 }) { return Array("{}".utf8) }
            if let document = try? JSONDocument(bytes), document.rootKind == .object {
                return document.withView { $0.rawBytes }
            }
        }
        var writer = JSONWriter()
        writer.object { $0.member("input", call.arguments) }
        return writer.bytes
    }

    /// Decodes a list of calls; `nil` when one of them has a shape this codec does not know.
    ///
    /// - Parameters:
    ///   - view: The member `tool_calls`.
    ///   - seed: What makes the calls differ from those of other messages; ids that are missing are made from it.
    ///   - first: The number of the first call in its message.
    static func calls(_ view: JSONView, seed: String, first: Int = 0) -> [ChatToolCall]? {
        guard view.kind == .array else { return nil }
        var calls: [ChatToolCall] = []
        for element in view.elements {
            guard let call = call(element, seed, first + calls.count) else { return nil }
            calls.append(call)
        }
        return calls
    }

    private static func call(_ view: JSONView, _ seed: String, _ number: Int) -> ChatToolCall? {
        guard var reader = try? JSONObjectReader(view), var inner = reader.lenientObject("function"),
            let name = inner.lenientString("name")
        else { return nil }
        if let type = reader.peek("type"), type.equalsString("function") || type.isNull { _ = reader.take("type") }
        // The place in the list says it better: not every version counts.
        _ = inner.lenientInteger("index")
        var arguments = "{}"
        if let value = inner.takeValue("arguments") {
            arguments = value.string() ?? String(decoding: value.rawBytes, as: UTF8.self)
        }
        let given = reader.lenientString("id") ?? ""
        let id = given.isEmpty ? madeUpID([seed, String(number), name, arguments]) : given
        var call = ChatToolCall(id: id, name: name, arguments: arguments)
        (call.extra, call.innerExtra) = (reader.extra, inner.extra)
        return call
    }

    /// Makes an id: the same for the same call at the same place, so that repeated requests stay equal byte by byte.
    ///
    /// FNV-1a, 64 bits (draft-eastlake-fnv); the parts are kept apart by a byte that UTF-8 does not have.
    static func madeUpID(_ parts: [String]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in parts {
            for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        return "call_" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

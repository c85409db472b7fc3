import MartletCore
import MartletWire

/// Writes parts of a content: those of answers, and what requests have in common with them.
struct GeminiPartWriter {
    /// The parts, each a JSON object.
    private(set) var parts: [[UInt8]] = []
    /// A signature that waits for the call it stands on.
    private var pending: String?
    /// Whether a call was written, and whether the first one bears a signature.
    private(set) var hasCalls = false
    private(set) var firstCallIsSigned = false

    /// Adds a part; the signature of a piece of reasoning without text waits for what follows.
    ///
    /// - Parameters:
    ///   - part: The part; one that has no form here is left out.
    ///   - signature: What a piece of reasoning gives back; `nil` leaves it out.
    mutating func append(_ part: ChatPart, signature: (ChatReasoning) -> GeminiSignature.Proof?) {
        switch part {
        case .reasoning(let reasoning):
            let proof = signature(reasoning)
            flush()
            guard !reasoning.text.isEmpty else {
                pending = proof?.signature
                // What belongs to a text before it stands on no call behind it.
                if proof?.closes == true { flush() }
                return
            }
            add { writer in
                writer.member("text", reasoning.text)
                writer.member("thought", true)
                writer.member("thoughtSignature", proof?.signature)
                writer.members(reasoning.extra)
            }
        case .text(let text), .refusal(let text):
            flush()
            guard !text.text.isEmpty || !text.extra.isEmpty else { return }
            add { writer in
                writer.member("text", text.text)
                writer.members(text.extra)
            }
        case .toolCall(let call): append(call, name: call.name, proof: GeminiSignature.beside(call, for: nil))
        case .other(let type, let value) where !type.isEmpty:
            flush()
            parts.append(value.bytes)
        case .image(let image):
            flush()
            guard let data = DataURL(image.url) else { return }
            appendInline(data.mediaType, data.base64, image.innerExtra, image.extra)
        case .audio, .file, .toolResult, .other: flush()
        }
    }

    /// Adds a call, with the signature that waits, else with `proof`.
    ///
    /// - Parameters:
    ///   - call: The call.
    ///   - name: The name that is sent.
    ///   - proof: The signature where none waits for the call.
    mutating func append(_ call: ChatToolCall, name: String, proof: String?) {
        let proof = pending ?? proof
        pending = nil
        if !hasCalls { firstCallIsSigned = proof != nil }
        hasCalls = true
        add { writer in
            writer.key("functionCall")
            writer.object { writer in
                writer.member("id", call.id.isEmpty || call.extra.value(GeminiMark.madeUpID) != nil ? nil : call.id)
                writer.member("name", name)
                writer.key("args")
                writer.raw(call.anthropicInput)
                writer.members(call.innerExtra)
            }
            writer.member("thoughtSignature", proof)
            writer.members(call.extra.withoutMarks.without("extra_content"))
        }
    }

    /// Adds bytes.
    mutating func appendInline(
        _ mediaType: String,
        _ base64: String,
        _ inner: [ExtraMember] = [],
        _ extra: [ExtraMember] = [],
        name: String? = nil
    ) {
        flush()
        add { writer in
            writer.key("inlineData")
            writer.object { writer in
                writer.member("mimeType", mediaType)
                writer.member("data", base64)
                writer.member("displayName", name)
                writer.members(inner)
            }
            writer.members(extra)
        }
    }

    /// Takes the parts that are complete.
    mutating func takeParts() -> [[UInt8]] {
        let taken = parts
        parts = []
        return taken
    }

    /// Adds an object that is written already.
    mutating func append(raw part: [UInt8]) {
        flush()
        parts.append(part)
    }

    /// Writes a signature that nothing followed: it stands on a part of its own.
    mutating func flush() {
        guard let proof = pending else { return }
        pending = nil
        add { writer in
            writer.member("text", "")
            writer.member("thoughtSignature", proof)
        }
    }

    private mutating func add(_ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(reserving: 96)
        writer.object { body(&$0) }
        parts.append(writer.bytes)
    }
}

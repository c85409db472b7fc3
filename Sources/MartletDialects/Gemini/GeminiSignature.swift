import MartletCore
import MartletWire

/// Proofs of the model's thoughts, which must come back where they stood.
///
/// Since the third generation the first call of each step bears one, and a history without it is refused; the last part
/// of other answers bears one that is better returned. In the shared words each is a piece of sealed reasoning: with its
/// text where it stands on a thought, without text right before the call it stands on, or behind the text. The surfaces
/// of Anthropic and of OpenAI's responses carry such pieces to the caller and back; chat completions carry them in
/// `thinking_blocks`, and beside each call where Google's own layer has them (`extra_content.google.thought_signature`).
///
/// What another vendor's server must not get back is known by its mark: `gemini:account:` before the signature. No
/// vendor's own signature has a colon.
///
/// - SeeAlso: Gemini API, "Thought signatures", read 2026-11.
enum GeminiSignature {
    /// What Google documents for the first call of a history that another model made.
    static let placeholder = "skip_thought_signature_validator"
    private static let mark = "gemini:"

    /// A signature with its mark.
    static func marked(_ signature: String, origin: String?) -> String { "\(mark)\(origin ?? ""):\(signature)" }

    /// The signature behind a mark, and whose it is; `nil` for another vendor's.
    static func unmarked(_ text: String) -> (signature: String, origin: String?)? {
        guard text.hasPrefix(mark) else { return nil }
        let rest = text.utf8.dropFirst(mark.utf8.count)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let origin = String(rest[..<colon]) ?? ""
        let signature = String(rest[rest.index(after: colon)...]) ?? ""
        return signature.isEmpty ? nil : (signature, origin.isEmpty ? nil : origin)
    }

    /// The signature that a piece of reasoning gives back to an account; `nil` when it is none of Gemini's, or another
    /// account's.
    static func own(_ reasoning: ChatReasoning, for account: String?) -> String? {
        guard let text = reasoning.signature, let found = unmarked(text) else { return nil }
        if let account, let origin = found.origin ?? reasoning.origin, !origin.utf8.elementsEqual(account.utf8) {
            return nil
        }
        return found.signature
    }

    /// The member beside a call that Google's own chat completions have.
    static func member(_ signature: String) -> ExtraMember {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("google")
            writer.object { $0.member("thought_signature", signature) }
        }
        return ExtraMember(name: "extra_content", value: JSONText(writer.bytes))
    }

    /// The signature of such a member.
    static func beside(_ call: ChatToolCall) -> String? {
        guard let value = call.extra.value("extra_content"), let document = try? JSONDocument(value.bytes) else {
            return nil
        }
        return document.withView { view in
            view.member("google")?.member("thought_signature")?.string().flatMap { $0.isEmpty ? nil : $0 }
        }
    }
}

extension ChatReasoning {
    /// Whether the piece is one that only Gemini takes back.
    var isGeminis: Bool { signature.flatMap(GeminiSignature.unmarked) != nil }
}

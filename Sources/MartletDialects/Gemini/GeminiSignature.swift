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
/// What another account or another vendor's server must not get back is known by its mark: `gemini:account:` before the
/// signature, `gemini.text:account:` where it stood on a text or a picture and belongs to no call that may follow. No
/// vendor's own signature has a colon. One without a mark beside a call was made by an account that nobody knows.
///
/// - SeeAlso: Gemini API, "Thought signatures", read 2026-11.
enum GeminiSignature {
    /// What Google documents for the first call of a history that another model made.
    static let placeholder = "skip_thought_signature_validator"
    private static let mark = "gemini:"
    private static let textMark = "gemini.text:"

    /// A signature without its mark.
    struct Proof: Hashable {
        var signature: String
        /// The account that made it; `nil` when the mark does not say.
        var origin: String?
        /// Whether it stood on what was before it, and not on the call that may follow.
        var closes = false
    }

    /// A signature with its mark.
    ///
    /// - Parameters:
    ///   - signature: The signature.
    ///   - origin: The account that made it.
    ///   - closes: Whether it stood on a text or a picture.
    static func marked(_ signature: String, origin: String?, closes: Bool = false) -> String {
        "\(closes ? textMark : mark)\(origin ?? ""):\(signature)"
    }

    /// The signature behind a mark, and whose it is; `nil` for another vendor's.
    static func unmarked(_ text: String) -> Proof? {
        let closes = text.hasPrefix(textMark)
        guard closes || text.hasPrefix(mark) else { return nil }
        let rest = text.utf8.dropFirst(closes ? textMark.utf8.count : mark.utf8.count)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let origin = String(rest[..<colon]) ?? ""
        let signature = String(rest[rest.index(after: colon)...]) ?? ""
        guard !signature.isEmpty else { return nil }
        return Proof(signature: signature, origin: origin.isEmpty ? nil : origin, closes: closes)
    }

    /// The signature that a piece of reasoning gives back to an account; `nil` when it is none of Gemini's, or another
    /// account's.
    static func own(_ reasoning: ChatReasoning, for account: String?) -> Proof? {
        guard let text = reasoning.signature, let found = unmarked(text) else { return nil }
        return [found.origin, reasoning.origin].contains { isForeign($0, to: account) } ? nil : found
    }

    private static func isForeign(_ origin: String?, to account: String?) -> Bool {
        guard let origin, let account else { return false }
        return !origin.utf8.elementsEqual(account.utf8)
    }

    /// The member beside a call that Google's own chat completions have, with the signature's mark.
    static func member(_ signature: String, origin: String?) -> ExtraMember {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("google")
            writer.object { $0.member("thought_signature", marked(signature, origin: origin)) }
        }
        return ExtraMember(name: "extra_content", value: JSONText(writer.bytes))
    }

    /// The signature of such a member that goes back to an account.
    ///
    /// - Returns: `nil` when another account made it, or nobody knows which.
    static func beside(_ call: ChatToolCall, for account: String?) -> String? {
        guard let value = call.extra.value("extra_content"), let document = try? JSONDocument(value.bytes) else {
            return nil
        }
        let text = document.withView { $0.member("google")?.member("thought_signature")?.string() }
        guard let text, !text.isEmpty else { return nil }
        guard let found = unmarked(text) else { return account == nil ? text : nil }
        return isForeign(found.origin, to: account) ? nil : found.signature
    }
}

extension ChatReasoning {
    /// Whether the piece is one that only Gemini takes back.
    var isGeminis: Bool { signature.flatMap(GeminiSignature.unmarked) != nil }
}

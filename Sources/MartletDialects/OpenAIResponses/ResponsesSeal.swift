import MartletCore
import MartletWire

/// What the gateway writes into `encrypted_content` for reasoning that another dialect's provider must get back: its
/// proof or its unreadable data, and whose it is.
///
/// The text is a mark, and base64url (RFC 4648 §5) of a small JSON object. It hides nothing and proves nothing: who
/// changes it gets the provider's refusal.
struct ResponsesSeal {
    var signature: String?
    var redacted: String?
    var origin: String?

    /// What begins the text; no provider's own begins so.
    static let mark: StaticString = "mrtl1."
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Reads a text; `nil` when it is not the gateway's.
    init?(_ text: String) {
        guard text.hasPrefix("\(Self.mark)"),
            let bytes = DataURL.decode(String(text.dropFirst(Self.mark.utf8CodeUnitCount))),
            let document = try? JSONDocument(bytes)
        else { return nil }
        (signature, redacted, origin) = document.withView { view in
            (view.member("s")?.string(), view.member("r")?.string(), view.member("o")?.string())
        }
        guard signature != nil || redacted != nil else { return nil }
    }

    /// The text for a piece of reasoning; `nil` when nobody must get it back.
    static func text(_ reasoning: ChatReasoning) -> String? {
        text(signature: reasoning.signature, redacted: reasoning.redacted, origin: reasoning.origin)
    }

    /// The text for the parts of a seal.
    static func text(signature: String?, redacted: String? = nil, origin: String?) -> String? {
        guard signature != nil || redacted != nil else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("s", signature)
            writer.member("r", redacted)
            writer.member("o", origin)
        }
        return "\(mark)" + encode(writer.bytes)
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / 3 * 4 + 4)
        var place = 0
        while place < bytes.count {
            let rest = bytes.count - place
            let first = UInt32(bytes[place]) << 16
            let second = rest > 1 ? UInt32(bytes[place + 1]) << 8 : 0
            let third = rest > 2 ? UInt32(bytes[place + 2]) : 0
            let bits = first | second | third
            for index in 0..<min(rest + 1, 4) {
                output.append(alphabet[Int(bits >> (18 - 6 * UInt32(index)) & 63)])
            }
            place += 3
        }
        return String(decoding: output, as: UTF8.self)
    }
}

import MartletCore
import MartletWire

extension ChatRequest {
    /// Refuses what would give the caller something else than was asked for, for models that only write text and call
    /// tools.
    ///
    /// - Throws: ``GatewayError`` `unsupported_parameter` with the member.
    func refuseWhatIsNoText() throws(GatewayError) {
        if let modalities = extra.value("modalities"), !Self.isText(modalities) {
            throw .unsupported("modalities", "This model answers in text.")
        }
        if extra.value("audio") != nil { throw .unsupported("audio", "This model answers in text.") }
        if extra.value("functions") != nil {
            throw .unsupported("functions", "Legacy functions have no form for this model; use tools.")
        }
    }

    /// Refuses tools that take free text, for models that call functions only.
    ///
    /// - Throws: ``GatewayError`` `unsupported_parameter` with the tool.
    func refuseToolsOfFreeText() throws(GatewayError) {
        for (index, tool) in (tools ?? []).enumerated() {
            guard case .other(type: "custom", _) = tool else { continue }
            throw .unsupported("tools[\(index)]", "A tool that takes free text has no form for this model.")
        }
    }

    /// Whether a list of modalities holds nothing but text.
    private static func isText(_ modalities: JSONText) -> Bool {
        guard let document = try? JSONDocument(modalities.bytes) else { return false }
        return document.withView { view in
            view.kind == .array && view.elements.allSatisfy { $0.equalsString("text") }
        }
    }
}

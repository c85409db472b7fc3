import MartletCore
import MartletDialects
import MartletRouting

/// What callers of Anthropic's messages may ask, and a target of another dialect cannot give.
extension Exchange {
    /// Refuses what Anthropic itself would refuse, and what only the keeper of a conversation can do.
    ///
    /// - Throws: ``GatewayError``: `thread_unsupported_request`, on which SDKs repeat the request with its full history;
    ///   `invalid_value` for what the caller's version of the format does not have.
    mutating func checkAnthropicRules() throws(GatewayError) {
        if facts.thread != nil {
            throw GatewayError(.threadUnsupported, "Threads are not supported with this model.", param: "thread")
        }
        // The API wants the header; who leaves it out means the format as it was before there was another one.
        guard let header = vendorField("anthropic-version") else { return }
        try AnthropicVersion(header: header).check(isCount ? try typedCount() : try typed())
    }

    /// The betas that do not reach a target of another dialect.
    var droppedBetas: [String] {
        guard format.request == .anthropicMessages, let betas = vendorField("anthropic-beta") else { return [] }
        return AnthropicBetas.dropped([betas])
    }

    /// The vendor's own fields, as far as a target that speaks a dialect takes them: Vertex AI has the version in the body.
    func vendorFields(for spoken: Dialect) -> [HeaderField] {
        spoken == .anthropicVertex ? head.vendorFields.filter { $0.name != "anthropic-version" } : head.vendorFields
    }

    /// The features that a caller of Anthropic's messages switches on.
    var betas: [String] {
        guard format.request == .anthropicMessages, let betas = vendorField("anthropic-beta") else { return [] }
        return AnthropicBetas.names([betas])
    }

    /// A field of the vendor's own.
    private func vendorField(_ name: String) -> String? { head.vendorFields.first { $0.name == name }?.value }

    /// Whether the conversation is kept by the provider, so that the request may not be repeated.
    var goesOnInThread: Bool { if case .resume? = facts.thread { true } else { false } }
}

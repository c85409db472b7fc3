import MartletCore
import MartletWire

/// How the results of tools are written: in Anthropic's own format, or in Bedrock's, whose conversations have the same
/// order.
enum AnthropicBlockForm {
    /// Anthropic's messages.
    case messages
    /// Bedrock's Converse.
    case converse

    /// The API refuses a call without a result, so that one says that it is missing.
    func missingResult(_ id: String) -> AnthropicBlock {
        let text = self == .messages ? "missing" : nil
        let missing = AnthropicConversation.Result(
            callID: id,
            turn: 0,
            content: self == .messages ? [] : [AnthropicBlock(converse: "missing")],
            text: text,
            isError: true,
            extra: [],
            path: ""
        )
        return result(missing, id: id, rest: [])
    }

    /// Writes a result.
    ///
    /// - Parameters:
    ///   - result: The result; its content is in this form.
    ///   - id: The id that was sent with the call.
    ///   - rest: Members that are written as they are.
    func result(_ result: AnthropicConversation.Result, id: String, rest: [ExtraMember]) -> AnthropicBlock {
        switch self {
        case .messages:
            AnthropicBlock { writer in
                writer.member("type", "tool_result")
                writer.member("tool_use_id", id)
                if let text = result.text {
                    writer.member("content", text)
                } else if !result.content.isEmpty {
                    writer.key("content")
                    writer.array { writer in
                        for block in result.content { block.write(to: &writer) }
                    }
                }
                writer.member("is_error", result.isError)
                writer.members(rest)
            }
        case .converse:
            AnthropicBlock { writer in
                writer.key("toolResult")
                writer.object { writer in
                    writer.member("toolUseId", id)
                    writer.key("content")
                    writer.array { writer in
                        // A result without content, or with a blank one, is refused.
                        let isEmpty = result.content.isEmpty
                        for block in isEmpty ? [AnthropicBlock(converse: "(no output)")] : result.content {
                            writer.raw(block.json)
                        }
                    }
                    if let isError = result.isError { writer.member("status", isError ? "error" : "success") }
                }
            }
        }
    }
}

extension AnthropicBlock {
    /// A text in Bedrock's form.
    init(converse text: String) { self.init { $0.member("text", text) } }
}

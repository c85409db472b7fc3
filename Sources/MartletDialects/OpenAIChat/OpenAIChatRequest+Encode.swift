import MartletCore
import MartletWire

extension ChatRequest {
    /// Encodes a request body.
    ///
    /// - Parameter withGateway: Whether the members that speak to the gateway are written; never towards an upstream.
    func openAIBody(withGateway: Bool) -> [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            writer.member("model", model)
            writer.key("messages")
            writer.array { writer in
                for message in messages { message.write(to: &writer) }
            }
            writeTools(to: &writer)
            writer.member("max_completion_tokens", limits.maxCompletionTokens)
            writer.member("max_tokens", limits.maxTokens)
            writeSampling(to: &writer)
            if let responseFormat {
                writer.key("response_format")
                responseFormat.write(to: &writer)
            }
            writer.member("reasoning_effort", reasoningEffort)
            writer.member("stream", stream)
            if let streamOptions {
                writer.key("stream_options")
                writer.object { writer in
                    writer.member("include_usage", streamOptions.includeUsage)
                    writer.member("include_obfuscation", streamOptions.includeObfuscation)
                    writer.members(streamOptions.extra)
                }
            }
            writer.member("user", user)
            if let metadata {
                writer.key("metadata")
                writer.object { writer in
                    for pair in metadata {
                        writer.key(Array(pair.name.utf8))
                        writer.string(pair.value)
                    }
                }
            }
            if withGateway { writeGateway(to: &writer) }
            writer.members(extra)
        }
        return writer.bytes
    }

    private func writeTools(to writer: inout JSONWriter) {
        if let tools {
            writer.key("tools")
            writer.array { writer in
                for tool in tools { tool.write(to: &writer) }
            }
        }
        if let toolChoice {
            writer.key("tool_choice")
            toolChoice.write(to: &writer)
        }
        writer.member("parallel_tool_calls", parallelToolCalls)
    }

    private func writeSampling(to writer: inout JSONWriter) {
        writer.member("temperature", sampling.temperature)
        writer.member("top_p", sampling.topP)
        writer.member("top_k", sampling.topK)
        writer.member("presence_penalty", sampling.presencePenalty)
        writer.member("frequency_penalty", sampling.frequencyPenalty)
        writer.member("seed", sampling.seed)
        writer.member("n", sampling.count)
        writer.member("logprobs", sampling.logprobs)
        writer.member("top_logprobs", sampling.topLogprobs)
        if let stop = sampling.stop {
            writer.key("stop")
            writer.array { writer in
                for text in stop { writer.string(text) }
            }
        }
    }

    private func writeGateway(to writer: inout JSONWriter) {
        writer.member("route", gateway.route?.rawValue)
        writer.member("provider", gateway.provider)
        writer.member("smart_routing", gateway.smartRouting)
        if let fallbacks = gateway.fallbacks {
            writer.key("fallbacks")
            writer.array { writer in
                for name in fallbacks {
                    writer.object { $0.member("model", name) }
                }
            }
        }
    }
}

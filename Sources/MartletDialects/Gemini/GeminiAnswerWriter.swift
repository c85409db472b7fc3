import MartletCore
import MartletWire

extension JSONWriter {
    /// Writes the members of one `GenerateContentResponse`.
    mutating func gemini(
        candidates: [GeminiCandidateWriter],
        usage: ChatUsage?,
        model: String?,
        id: String?,
        extra: [ExtraMember]
    ) {
        if !candidates.isEmpty {
            key("candidates")
            array { writer in
                for candidate in candidates { candidate.write(to: &writer) }
            }
        }
        if let usage {
            key("usageMetadata")
            usage.writeGemini(to: &self)
        }
        member("modelVersion", model)
        member("responseId", id)
        members(extra)
    }
}

/// One of the answers, or what is new of it.
struct GeminiCandidateWriter {
    var index: Int
    var parts: [[UInt8]] = []
    var finish: String?
    var extra: [ExtraMember] = []

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            if !parts.isEmpty || finish == nil {
                writer.key("content")
                writer.object { writer in
                    writer.key("parts")
                    writer.array { writer in
                        for part in parts { writer.raw(part) }
                    }
                    writer.member("role", "model")
                }
            }
            writer.member("finishReason", finish)
            writer.member("index", index)
            for member in extra {
                if member.name == "logprobs" {
                    writer.member("logprobsResult", GeminiLogprobs.encode(member.value))
                } else {
                    writer.member(member.name, member.value)
                }
            }
        }
    }
}

extension ChatResponse {
    /// Encodes the answer; of other vendors' answers what this dialect has.
    func geminiBody() -> [UInt8] {
        let isOwn = dialect == .gemini
        var candidates: [GeminiCandidateWriter] = []
        for choice in choices {
            var parts = GeminiPartWriter()
            for part in choice.message.parts {
                var part = part
                if !isOwn, case .toolCall(var call) = part {
                    (call.innerExtra, call.extra) = ([], call.extra.filter { $0.name == "extra_content" })
                    part = .toolCall(call)
                }
                // The members of the candidate tell the same.
                if case .text(var text) = part {
                    text.extra = isOwn ? text.extra.without(URLCitation.name) : []
                    part = .text(text)
                }
                parts.append(part) { $0.signature.flatMap(GeminiSignature.unmarked) }
            }
            if let refusal = choice.message.refusal, choice.message.text.isEmpty {
                parts.append(.text(ChatText(refusal))) { _ in nil }
            }
            parts.flush()
            var candidate = GeminiCandidateWriter(index: choice.index, parts: parts.parts)
            candidate.finish = choice.finishReason.map { GeminiFinish.encode($0, vendor: choice.vendorReason) }
            candidate.extra = isOwn ? choice.extra : choice.extra.filter { $0.name == "logprobs" && !$0.isNull }
            candidates.append(candidate)
        }
        // A prompt that was refused has no candidates.
        let isRefused = isOwn && extra.value("promptFeedback") != nil && choices.allSatisfy { $0.message.parts.isEmpty }
        if isRefused { candidates = [] }
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            writer.gemini(
                candidates: candidates,
                usage: usage,
                model: model,
                id: id,
                extra: isOwn ? extra : []
            )
        }
        return writer.bytes
    }
}

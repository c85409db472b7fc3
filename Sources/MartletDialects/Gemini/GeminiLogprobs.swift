import MartletCore
import MartletWire

/// Log-probabilities of tokens.
enum GeminiLogprobs {
    /// The member `logprobs` of a choice in OpenAI's format, of `logprobsResult`; `nil` for another shape.
    static func decode(_ view: JSONView) -> JSONText? {
        guard let chosen = view.member("chosenCandidates"), chosen.kind == .array else { return nil }
        let top = view.member("topCandidates")?.elements.map { $0 } ?? []
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("content")
            writer.array { writer in
                for (index, token) in chosen.elements.enumerated() {
                    writer.object { writer in
                        write(token, to: &writer)
                        writer.key("top_logprobs")
                        writer.array { writer in
                            guard index < top.count else { return }
                            for other in top[index].member("candidates")?.elements.map({ $0 }) ?? [] {
                                writer.object { write(other, to: &$0) }
                            }
                        }
                    }
                }
            }
            writer.key("refusal")
            writer.null()
        }
        return JSONText(writer.bytes)
    }

    private static func write(_ token: JSONView, to writer: inout JSONWriter) {
        let text = token.member("token")?.string() ?? ""
        writer.member("token", text)
        writer.member("logprob", token.member("logProbability")?.double() ?? 0)
        writer.key("bytes")
        writer.array { writer in
            for byte in text.utf8 { writer.integer(Int64(byte)) }
        }
    }

    /// The member `logprobsResult`, of `logprobs` in OpenAI's format; `nil` for another shape.
    static func encode(_ logprobs: JSONText) -> JSONText? {
        guard let document = try? JSONDocument(logprobs.bytes) else { return nil }
        return document.withView { view in
            guard let content = view.member("content"), content.kind == .array else { return nil }
            var writer = JSONWriter()
            writer.object { writer in
                writer.key("chosenCandidates")
                writer.array { writer in
                    for token in content.elements { writeBack(token, to: &writer) }
                }
                writer.key("topCandidates")
                writer.array { writer in
                    for token in content.elements {
                        writer.object { writer in
                            writer.key("candidates")
                            writer.array { writer in
                                for other in token.member("top_logprobs")?.elements.map({ $0 }) ?? [] {
                                    writeBack(other, to: &writer)
                                }
                            }
                        }
                    }
                }
            }
            return JSONText(writer.bytes)
        }
    }

    private static func writeBack(_ token: JSONView, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("token", token.member("token")?.string() ?? "")
            writer.member("logProbability", token.member("logprob")?.double() ?? 0)
        }
    }
}

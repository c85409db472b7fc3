public import MartletCore
import MartletWire

extension Usage {
    /// The usage of an answer that is no chat: images and transcripts name their tokens as responses do.
    ///
    /// `nil` when it says none.
    public init?(passed body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return nil }
        let found = document.withView { view -> Usage? in
            guard let usage = view.member("usage"), usage.kind == .object else { return nil }
            func count(_ names: String...) -> Int64? {
                names.lazy.compactMap { usage.member(Array($0.utf8))?.int64() }.first { 0...Self.largestCount ~= $0 }
            }
            func part(_ name: StaticString, of details: StaticString...) -> Int64 {
                let counts = details.lazy.compactMap { usage.member($0)?.member(name)?.int64() }
                return counts.first { 0...Self.largestCount ~= $0 } ?? 0
            }
            guard let input = count("input_tokens", "prompt_tokens") else { return nil }
            var out = Usage(inputTokens: input, outputTokens: count("output_tokens", "completion_tokens") ?? 0)
            // Transcriptions name the details of their input so.
            out.audioInputTokens = part("audio_tokens", of: "input_token_details", "input_tokens_details")
            out.imageInputTokens = part("image_tokens", of: "input_tokens_details")
            out.imageOutputTokens = part("image_tokens", of: "output_tokens_details")
            out.reportedCost = Usage.reportedCost(usage)
            return out
        }
        guard let found else { return nil }
        self = found
    }
}

public import MartletCore
import MartletWire

extension Usage {
    /// The usage of an answer that is no chat: images and transcripts name their tokens as responses do.
    ///
    /// `nil` when it says none.
    public init?(passed body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return nil }
        let found = document.withView { view -> (Int64?, Int64?) in
            guard let usage = view.member("usage"), usage.kind == .object else { return (nil, nil) }
            func count(_ names: String...) -> Int64? {
                names.lazy.compactMap { usage.member(Array($0.utf8))?.int64() }.first { 0...Self.largestCount ~= $0 }
            }
            return (count("input_tokens", "prompt_tokens"), count("output_tokens", "completion_tokens"))
        }
        guard let input = found.0 else { return nil }
        self.init(inputTokens: input, outputTokens: found.1 ?? 0)
    }
}

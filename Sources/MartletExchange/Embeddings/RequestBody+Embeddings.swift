import MartletCore
import MartletDialects
import MartletRouting
import MartletWire
import NIOCore

extension RequestBody {
    /// What the gateway needs to know of a body that asks for vectors.
    func facts(_ form: EmbeddingForm) throws(GatewayError) -> RequestFacts {
        try unsafe reading { (bytes, scanner) throws(GatewayError) in
            switch form {
            case .openAI: unsafe try EmbeddingFacts.read(bytes, scanner: scanner)
            case .ollama: unsafe try OllamaEmbedFacts.read(bytes, scanner: scanner, form: .embed)
            case .ollamaPrompt: unsafe try OllamaEmbedFacts.read(bytes, scanner: scanner, form: .embeddings)
            }
        }
    }

    /// How a body of OpenAI's shape is parted into calls.
    func embeddingSplit(_ limits: EmbeddingLimits) throws(GatewayError) -> EmbeddingSplit {
        try unsafe reading { (bytes, scanner) throws(GatewayError) in
            unsafe try EmbeddingSplit(bytes, scanner: scanner, limits: limits)
        }
    }

    /// The body of one of several calls.
    func part(
        _ call: Int,
        of split: EmbeddingSplit,
        _ dialect: Dialect,
        for target: Target,
        facts: RequestFacts
    ) -> [UInt8] {
        split.body(of: call, bytes, edits(dialect, for: target, facts: facts))
    }

    /// Whether vectors are asked for in base64; a spelling that is not the plain one counts as that, and is looked at
    /// again where it matters.
    var asksForBase64: Bool {
        guard let member = member("encoding_format") else { return false }
        let view = buffer.readableBytesView
        let value = view[(view.startIndex + member.value.lowerBound)..<(view.startIndex + member.value.upperBound)]
        return !value.elementsEqual(#""float""#.utf8) && !value.elementsEqual("null".utf8)
    }
}

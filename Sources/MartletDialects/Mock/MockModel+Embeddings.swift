public import MartletCore

extension MockModel {
    /// The length of vectors where the caller asks for none.
    private static let vectorLength = 8
    /// The most numbers of one answer, all vectors together.
    private static let mostNumbers = 1 << 18

    /// Vectors that follow from the inputs alone; they say nothing about what the texts mean.
    ///
    /// Each number is exact in 32 bits and between -1 and 1.
    ///
    /// - Throws: ``GatewayError`` when more numbers are asked for than the model makes.
    public func embeddings(for request: EmbeddingRequest) throws(GatewayError) -> EmbeddingResponse {
        let length = request.dimensions ?? Self.vectorLength
        guard length > 0, length <= Self.mostNumbers, request.inputs.count <= Self.mostNumbers / length else {
            throw GatewayError(
                .invalidValue,
                "The built-in model makes at most \(Self.mostNumbers) numbers at once.",
                param: "dimensions"
            )
        }
        return EmbeddingResponse(
            model: Self.name,
            vectors: request.inputs.map { .floats(Self.vector($0, length)) },
            usage: Usage(inputTokens: request.estimatedInputTokens, outputTokens: 0, estimated: true)
        )
    }

    private static func vector(_ input: EmbeddingInput, _ length: Int) -> [Float] {
        // FNV-1a, 64 bits, then a step of SplitMix64 for each number.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        switch input {
        case .text(let text): text.utf8.forEach(add)
        case .tokens(let tokens):
            for token in tokens {
                for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: token >> shift)) }
            }
        }
        return (0..<length).map { _ in
            hash &+= 0x9E37_79B9_7F4A_7C15
            var mixed = hash
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Float(Int(truncatingIfNeeded: (mixed >> 31) & 0x7FF) - 1_024) / 1_024
        }
    }
}

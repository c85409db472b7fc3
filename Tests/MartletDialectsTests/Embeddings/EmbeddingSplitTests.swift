import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Embeddings in several calls") struct EmbeddingSplitTests {
    private func split(_ body: String, _ limits: EmbeddingLimits) throws -> (EmbeddingSplit, [String]) {
        let bytes = Array(body.utf8)
        var scanner = JSONScanner()
        try scanner.finish(bytes.span)
        return try bytes.withUnsafeBytes { body in
            let facts = try EmbeddingFacts.read(body, scanner: scanner)
            let split = try EmbeddingSplit(body, scanner: scanner, limits: limits)
            let splice = BodySplice.edits(body, scanner: scanner, facts: facts, upstreamModel: "up")
            return (
                split, split.calls.indices.map { String(decoding: split.body(of: $0, bytes, splice), as: UTF8.self) }
            )
        }
    }

    @Test func `carry the caller's own bytes`() throws {
        let body = #"{"route":"auto","input":["a" , "b\u0041",  "c"], "model":"m","dimensions":8}"#
        let (split, bodies) = try split(body, EmbeddingLimits(maxInputs: 2))
        #expect(split.calls == [0..<2, 2..<3] && split.count == 3 && !split.isWhole)
        #expect(
            bodies == [
                #"{"input":["a" , "b\u0041"], "model":"up","dimensions":8}"#,
                #"{"input":["c"], "model":"up","dimensions":8}"#,
            ]
        )
    }

    @Test(arguments: [
        #"{"model":"m","input":"one text"}"#, #"{"model":"m","input":[1,2,3,4,5]}"#,
        #"{"model":"m","input":["a","b"]}"#,
        #"{"model":"m","input":[[1,2,3],[4]]}"#,
    ])
    func `are one where one is enough`(_ body: String) throws {
        let (split, bodies) = try split(body, EmbeddingLimits(maxInputs: 2, maxTokens: 100))
        #expect(split.isWhole && bodies == [body.replacing(#""m""#, with: #""up""#)])
    }

    @Test func `keep the limit of tokens`() throws {
        let (tokens, bodies) = try split(
            #"{"input":[[1,2,3],[4,5],[6],[7,8,9,10,11,12],[13]]}"#,
            EmbeddingLimits(maxInputs: 100, maxTokens: 5)
        )
        // What is over the limit by itself goes alone.
        #expect(tokens.calls == [0..<2, 2..<3, 3..<4, 4..<5])
        #expect(bodies[2] == #"{"model":"up","input":[[7,8,9,10,11,12]]}"#)
        let texts = (0..<6).map { "\"\(String(repeating: "x", count: 30 + $0))\"" }.joined(separator: ",")
        let (split, _) = try split("{\"input\":[\(texts)]}", EmbeddingLimits(maxInputs: 100, maxTokens: 24))
        #expect(split.calls == [0..<2, 2..<4, 4..<6])
    }

    @Test func `are parted alike by values and by bytes`() throws {
        var generator = SeededGenerator(state: 3)
        for _ in 0..<200 {
            let count = Int.random(in: 1...40, using: &generator)
            let inputs = (0..<count).map { _ in
                String(repeating: "é\"", count: Int.random(in: 1...30, using: &generator))
            }
            let limits = EmbeddingLimits(
                maxInputs: Int.random(in: 1...10, using: &generator),
                maxTokens: Bool.random(using: &generator) ? Int64.random(in: 1...90, using: &generator) : nil
            )
            var request = EmbeddingRequest(model: "m", inputs: inputs.map(EmbeddingInput.text))
            let body = String(decoding: try OpenAIEmbeddingsCodec().encodeRequest(request).body, as: UTF8.self)
            let (split, bodies) = try split(body, limits)
            #expect(request.calls(limits) == split.calls)
            request.model = "up"
            for (call, body) in zip(split.calls, bodies) {
                #expect(call.count <= limits.maxInputs)
                #expect(try OpenAIEmbeddingsCodec().decodeRequest(Array(body.utf8)) == request.part(call))
            }
            #expect(split.calls.flatMap(Array.init) == Array(0..<count))
        }
    }

    @Test func `join in order whatever order the answers come in`() throws {
        var generator = SeededGenerator(state: 11)
        let calls = [0..<3, 3..<4, 4..<9]
        for _ in 0..<20 {
            var joiner = EmbeddingJoiner(calls: calls)
            for call in calls.indices.shuffled(using: &generator) {
                #expect(!joiner.isComplete)
                let vectors = calls[call].map { EmbeddingVector.numbers(JSONText("[\($0)]")) }
                let usage = Usage(inputTokens: Int64(calls[call].count), outputTokens: 0)
                try joiner.add(EmbeddingResponse(model: "up\(call)", vectors: vectors, usage: usage), of: call)
            }
            let joined = try #require(joiner.joined())
            #expect(joined.vectors == (0..<9).map { .numbers(JSONText("[\($0)]")) })
            #expect(joined.usage == Usage(inputTokens: 9, outputTokens: 0) && joined.model == "up0")
        }
    }

    @Test func `join nothing that is not whole`() throws {
        var joiner = EmbeddingJoiner(calls: [0..<1, 1..<2])
        let one = EmbeddingResponse(vectors: [.floats([1])], usage: Usage(inputTokens: 1 << 40, outputTokens: 0))
        try joiner.add(one, of: 1)
        // A second answer and one to no call change nothing.
        try joiner.add(EmbeddingResponse(vectors: [.floats([2])]), of: 1)
        try joiner.add(one, of: 7)
        #expect(joiner.joined() == nil)
        #expect(throws: ChatFailure.self) { try joiner.add(EmbeddingResponse(vectors: []), of: 0) }
        try joiner.add(one, of: 0)
        #expect(joiner.joined()?.usage?.inputTokens == 1 << 40)
        var silent = EmbeddingJoiner(calls: [0..<1, 1..<2])
        try silent.add(one, of: 0)
        try silent.add(EmbeddingResponse(vectors: [.floats([2])]), of: 1)
        #expect(silent.joined()?.usage == nil)
    }

    @Test func `keep limits that make no sense inside themselves`() {
        #expect(EmbeddingLimits(maxInputs: 0).calls(tokens: [1, 2]) == [0..<1, 1..<2])
        #expect(EmbeddingLimits.openAI.calls(tokens: [.max, .max, -5]) == [0..<1, 1..<2, 2..<3])
        #expect(EmbeddingLimits.openAI.calls(tokens: []) == [])
    }
}

import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Embedding facts") struct EmbeddingFactsTests {
    private func read(_ body: String) throws -> RequestFacts {
        try facts(body) { try EmbeddingFacts.read($0, scanner: $1) }
    }

    @Test(arguments: [
        (#""input":"a text""#, 1, 6), (#""input":["one","two"]"#, 2, 6), (#""input":[1,2,3]"#, 1, 12),
        (#""input":[[1,2],[3]]"#, 2, 12), (#""input":["\u00e9"]"#, 1, 2),
    ])
    func `count inputs and weigh them`(_ input: String, _ count: Int, _ bytes: Int) throws {
        let facts = try read(#"{"model":"text-embedding-3-small",\#(input),"user":"u","dimensions":8}"#)
        #expect(facts.messageCount == count && facts.textBytes == bytes && !facts.stream)
        #expect(facts.model == ModelName("text-embedding-3-small"))
    }

    @Test func `take what speaks to the gateway`() throws {
        let facts = try read(
            #"{"input":"x","route":"local","provider":"p","smart_routing":false,"fallbacks":["a",{"model":"b"}],"#
                + #""metadata":{"app":"y"}}"#
        )
        #expect(facts.route == .local && facts.provider == "p" && facts.smartRouting == false && facts.hasApp)
        #expect(facts.fallbacks == [ModelName("a"), ModelName("b")] && facts.gatewayMembers.rawValue == 15)
        #expect(try read(#"{"input":"x","route":{"type":"r"},"provider":{}}"#).gatewayMembers.isEmpty)
    }

    @Test(arguments: [
        (#""input":"""#, "input"), (#""input":[]"#, "input"), (#""input":["a",""]"#, "input[1]"),
        (#""input":[[1],[]]"#, "input[1]"), (#""input":["a",1]"#, "input[1]"), (#""input":[1,"a"]"#, "input[1]"),
        (#""input":[1.5]"#, "input[0]"), (#""input":[-1]"#, "input[0]"), (#""input":[[1,-1]]"#, "input[0][1]"),
        (#""input":{}"#, "input"), (#""input":[{}]"#, "input[0]"), (#""input":7"#, "input"),
        (#""input":"x","encoding_format":"int8""#, "encoding_format"), (#""input":"x","dimensions":0"#, "dimensions"),
        (#""input":"x","model":"a b""#, "model"), (#""input":"x","user":"""#, "user"),
        (#""input":"x","fallbacks":[1]"#, "fallbacks[0]"), (#""input":"x","smart_routing":1"#, "smart_routing"),
    ])
    func `refuse what cannot be meant, and name it, as the codec does`(_ members: String, _ param: String) throws {
        let error = #expect(throws: GatewayError.self) { try read("{\(members)}") }
        #expect(error?.code == .invalidValue && error?.param == param)
    }

    @Test(arguments: ["{}", #"{"input":null}"#])
    func `miss the input`(_ body: String) {
        let error = #expect(throws: GatewayError.self) { try read(body) }
        #expect(error?.code == .missingRequiredParameter && error?.param == "input")
    }

    @Test func `have a limit of inputs`() throws {
        let most = Array(repeating: "[1]", count: EmbeddingFacts.maxInputs).joined(separator: ",")
        #expect(try read("{\"input\":[\(most)]}").messageCount == EmbeddingFacts.maxInputs)
        #expect(throws: GatewayError.self) { try read("{\"input\":[\(most),[1]]}") }
        // The token ids of one text are not inputs.
        let tokens = Array(repeating: "1", count: EmbeddingFacts.maxInputs + 1).joined(separator: ",")
        #expect(try read("{\"input\":[\(tokens)]}").messageCount == 1)
    }

    @Test func `splice model and gateway members and nothing else`() throws {
        let body = #"{ "model" : "alias","input":["a" , "b"], "route":"auto","x":1.50, "y":[ ] }"#
        let sent = try spliced(body, { try EmbeddingFacts.read($0, scanner: $1) }) { body, scanner, facts in
            BodySplice.edits(body, scanner: scanner, facts: facts, upstreamModel: "up", dropParams: ["y"])
        }
        #expect(sent == #"{ "model" : "up","input":["a" , "b"], "x":1.50 }"#)
    }
}

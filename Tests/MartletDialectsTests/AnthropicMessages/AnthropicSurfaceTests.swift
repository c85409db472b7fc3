import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Anthropic surface") struct AnthropicSurfaceTests {
    @Test func `answers about threads have the shape that SDKs act on`() throws {
        let unsupported = try leaves(AnthropicThreads.unsupported(requestID: "req_1"))
        #expect(unsupported[".error.type"] == "\"invalid_request_error" && unsupported[".request_id"] == "\"req_1")
        #expect(unsupported[".error.details.error_code"] == "\"thread_unsupported_request")
        #expect(unsupported[".error.details.unsupported[0]"] == "\"model" && unsupported[".type"] == "\"error")
        let lost = try leaves(AnthropicThreads.notFound())
        #expect(lost[".error.type"] == "\"not_found_error" && AnthropicThreads.notFoundStatus == 404)
        #expect(lost[".error.details.error_code"] == "\"thread_not_found" && lost[".request_id"] == nil)
    }

    @Test func `the id of a message is read from an answer`() {
        let answer = Array(#"{"type":"message","id":"msg_01","content":[]}"#.utf8)
        #expect(AnthropicThreads.messageID(ofAnswer: answer) == "msg_01")
        for other in [#"{"type":"error","id":"x"}"#, #"{"type":"message"}"#, "[", "1"] {
            #expect(AnthropicThreads.messageID(ofAnswer: Array(other.utf8)) == nil)
        }
    }

    @Test func `versions are read as the API does`() throws {
        #expect(try AnthropicVersion(header: "2023-06-01") == .june2023)
        #expect(try AnthropicVersion(header: "2026-10-21") == .october2026)
        #expect(try AnthropicVersion(header: "2027-02-03") == .october2026)
        for header in ["2023-01-01", "v1", "2026/10/22", "99999999999"] {
            let error = #expect(throws: GatewayError.self) { try AnthropicVersion(header: header) }
            #expect(error?.code == .invalidValue)
        }
        for header in [nil, ""] as [String?] {
            let error = #expect(throws: GatewayError.self) { try AnthropicVersion(header: header) }
            #expect(error?.code == .missingRequiredParameter)
        }
    }

    private func decode(_ members: String) throws -> ChatRequest {
        try AnthropicMessagesCodec().decodeRequest(Array(#"{"max_tokens":1,\#(members)}"#.utf8))
    }

    @Test(arguments: [
        (#""temperature":1,"messages":[]"#, "temperature"), (#""top_p":1,"messages":[]"#, "top_p"),
        (#""top_k":5,"messages":[]"#, "top_k"),
        (
            #""messages":[{"role":"assistant","content":[{"type":"document","source":{"type":"url","url":"https://a"}}]}]"#,
            "messages[0].content[0]"
        ),
        (
            #""system":"s","messages":[{"role":"assistant","content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}]"#,
            "messages[0].content[0]"
        ),
        (
            #""messages":[{"role":"user","content":[{"type":"text","text":"a","citations":[{}]}]}]"#,
            "messages[0].content[0].citations"
        ),
    ])
    func `what the newer version refuses is refused`(_ members: String, _ param: String) throws {
        let request = try decode(members)
        try AnthropicVersion.june2023.check(request)
        let error = #expect(throws: GatewayError.self) { try AnthropicVersion.october2026.check(request) }
        #expect(error?.code == .invalidValue && error?.param == param)
    }

    @Test func `what the newer version has passes`() throws {
        try AnthropicVersion.october2026.check(
            decode(
                #""messages":[{"role":"user","content":[{"type":"text","text":"a","citations":[]},"#
                    + #"{"type":"document","source":{"type":"url","url":"https://a"}}]},"#
                    + #"{"role":"assistant","content":[{"type":"text","text":"b","citations":[{}]}]}]"#
            )
        )
    }

    @Test(arguments: [
        ("claude-sonnet-4-0", 0.5, "2023-06-01", [String]()), ("claude-opus-4-8", 0.5, "2026-10-21", ["temperature"]),
        ("claude-sonnet-4-0", nil, "2026-10-21", []), ("other", 0.5, "2023-06-01", []),
    ])
    func `a request of another dialect goes in the version that carries most of it`(
        _ model: String,
        _ temperature: Double?,
        _ version: String,
        _ dropped: [String]
    ) throws {
        var request = ChatRequest(model: model, messages: [ChatMessage(role: .user, text: "a")])
        request.sampling.temperature = temperature
        let encoded = try AnthropicMessagesCodec().encodeRequest(request)
        #expect(encoded.headers == [EncodedRequest.Header("anthropic-version", version)])
        #expect(encoded.dropped == dropped)
    }

    @Test func `betas are an open list in one header or several`() {
        #expect(AnthropicBetas.names(["a-1, b-2,,a-1 ", "\tc"]) == ["a-1", "b-2", "c"])
        #expect(AnthropicBetas.names([]).isEmpty)
        #expect(AnthropicBetas.dropped(["a-1,b\n"]) == ["anthropic-beta.a-1", "anthropic-beta[\"b?\"]"])
        #expect(AnthropicBetas.names((0..<99).map { "b\($0)" }).count == AnthropicBetas.most)
    }

    @Test func `tokens are estimated from all that the model reads`() throws {
        let small = try decode(#""messages":[{"role":"user","content":"12345678"}]"#)
        #expect(AnthropicTokenCount.estimate(small) == 4 + 2)
        let request = try decode(
            #""system":"1234","tools":[{"name":"tool","description":"1234","input_schema":{"a":1}}],"messages":["#
                + #"{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://a"}}]},"#
                + #"{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"tool","input":{}}]},"#
                + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"i","content":"12345678"}]}]"#
        )
        // 4 messages and a tool; 4 + 15 + 6 + 8 bytes; a picture.
        #expect(AnthropicTokenCount.estimate(request) == 5 * 4 + 9 + AnthropicTokenCount.imageTokens)
        #expect(AnthropicTokenCount.body(7) == Array(#"{"input_tokens":7}"#.utf8))
        let body = Array(#"{"messages":[{"role":"user","content":"a"}]}"#.utf8)
        #expect(try AnthropicMessagesCodec().decodeCountRequest(body).limits.maxTokens == nil)
        let error = #expect(throws: GatewayError.self) { try AnthropicMessagesCodec().decodeRequest(body) }
        #expect(error?.param == "max_tokens")
    }

    private let models = (1...5).map { AnthropicModelList.Model(id: "m\($0)", created: 1_761_004_800) }

    @Test(arguments: [
        ("limit=2", ["m1", "m2"], true), ("limit=2&after_id=m2", ["m3", "m4"], true),
        ("limit=2&after_id=m3", ["m4", "m5"], false), ("after_id=m5", [], false), ("after_id=x", [], false),
        ("limit=2&before_id=m4", ["m2", "m3"], true), ("before_id=m3", ["m1", "m2"], false), ("before_id=x", [], false),
        ("limit=1000&beta=true", ["m1", "m2", "m3", "m4", "m5"], false),
    ])
    func `models are listed in pages`(_ query: String, _ ids: [String], _ hasMore: Bool) throws {
        let pairs = query.split(separator: "&").map { pair in
            let ends = pair.split(separator: "=")
            return (name: String(ends[0]), value: String(ends[1]))
        }
        let page = try AnthropicModelList.Page(query: pairs)
        let body = AnthropicModelList.body(models, page: page)
        try JSONDocument(body).withView { view in
            let list = try #require(view.member("data"))
            #expect(list.elements.map { $0.member("id")?.string() ?? "" } == ids)
            #expect(view.member("has_more")?.bool() == hasMore)
            #expect(view.member("first_id")?.string() == ids.first && view.member("last_id")?.string() == ids.last)
        }
    }

    @Test(arguments: [("limit", "0"), ("limit", "1001"), ("limit", "x")])
    func `a page that cannot be meant is refused`(_ name: String, _ value: String) {
        #expect(throws: GatewayError.self) { try AnthropicModelList.Page(query: [(name, value)]) }
    }

    @Test func `one model tells what is known of it`() throws {
        let model = AnthropicModelList.Model(id: "a/b", displayName: "A", created: 1_761_004_800, maxInputTokens: 9)
        let known = try leaves(AnthropicModelList.body(model))
        #expect(known[".created_at"] == "\"2025-10-21T00:00:00Z" && known[".lifecycle"] == "\"active")
        #expect(known[".display_name"] == "\"A" && known[".max_input_tokens"] == "9.0" && known[".type"] == "\"model")
    }
}

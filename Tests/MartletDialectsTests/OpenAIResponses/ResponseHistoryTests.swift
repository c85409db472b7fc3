import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Responses that are kept") struct ResponseHistoryTests {
    let codec = OpenAIResponsesCodec()

    private func turn(_ body: String, _ answer: ChatMessage, number: UInt64) throws -> StoredResponse {
        let request = try codec.decodeRequest(Array(body.utf8))
        let context = CallerContext(
            id: RecordID(unixMilliseconds: number, random: (number, number)),
            created: 1,
            request: request
        )
        let made = OpenAIResponsesCodec(context: context).encodeResponse(
            ChatResponse(choices: [.init(index: 0, message: answer, finishReason: .stop)])
        )
        return try #require(StoredResponse(request: request, response: made))
    }

    private func chain() throws -> [StoredResponse] {
        let first = try turn(
            #"{"instructions":"Old.","input":"Hi","store":true}"#,
            ChatMessage(
                role: .assistant,
                parts: [
                    .reasoning(ChatReasoning("t", signature: "s", origin: "a")),
                    .toolCall(ChatToolCall(id: "call_1", name: "f", arguments: "{}")),
                ]
            ),
            number: 1
        )
        let second = try turn(
            #"{"previous_response_id":"\#(first.id)","input":[{"type":"function_call_output","call_id":"call_1","output":"5"}]}"#,
            ChatMessage(role: .assistant, text: "Five."),
            number: 2
        )
        return [first, second]
    }

    @Test func `stand in front of a new request, without their instructions`() throws {
        let chain = try chain()
        #expect(chain[1].previousID == chain[0].id)
        let request = try codec.decodeRequest(
            Array(#"{"instructions":"New.","previous_response_id":"\#(chain[1].id)","input":"And six?"}"#.utf8)
        )
        let effective = try ResponseHistory.effective(request, after: chain)
        #expect(effective.messages.map(\.role) == [.system, .user, .assistant, .tool, .assistant, .user])
        #expect(effective.messages.map(\.text) == ["New.", "Hi", "", "", "Five.", "And six?"])
        #expect(effective.messages[2].toolCalls.map(\.id) == ["call_1"])
        if case .reasoning(let reasoning)? = effective.messages[2].parts.first {
            #expect(reasoning.signature == "s" && reasoning.origin == "a")
        } else {
            Issue.record("the reasoning is gone")
        }
        let lowered = try effective.lowered(for: .anthropicMessages)
        #expect(lowered.dropped.isEmpty)
        #expect(lowered.callerPath("messages[1].content") == "previous_response_id")
        #expect(lowered.callerPath("messages[5].content[0].x") == "input.x")
        let sent = try leaves(OpenAIResponsesCodec(origin: "a").encodeRequest(effective).body)
        #expect(sent[".store"] == "false" && sent[".previous_response_id"] == nil && sent[".input[0].content"] == nil)
        #expect(sent[".input[0].content[0].text"] == "\"Hi" && sent[".input[1].encrypted_content"] == "\"s")
    }

    @Test func `are what references stand for`() throws {
        let chain = try chain()
        let id = try JSON.withView(of: chain[1].output[0]) { $0.member("id")?.string() ?? "" }
        let request = try codec.decodeRequest(
            Array(#"{"input":[{"type":"item_reference","id":"\#(id)"},{"role":"user","content":"x"}]}"#.utf8)
        )
        let effective = try ResponseHistory.effective(request, after: chain)
        #expect(effective.messages.suffix(2).map(\.text) == ["Five.", "x"])
        let lost = try codec.decodeRequest(Array(#"{"input":[{"id":"nowhere"}]}"#.utf8))
        let error = #expect(throws: GatewayError.self) { try ResponseHistory.effective(lost, after: chain) }
        #expect(error?.code == .invalidValue)
    }

    @Test func `are listed page by page in both orders with the ids they have`() throws {
        let chain = try chain()
        let all = try leaves(ResponseHistory.inputItemsPage(chain, isAscending: true))
        #expect(all[".data[0].content[0].type"] == "\"input_text" && all[".data[0].role"] == "\"user")
        #expect(all[".data[3].type"] == "\"function_call_output" && all[".data[4].type"] == nil)
        #expect(all[".has_more"] == "false" && all[".first_id"] == all[".data[0].id"])
        let ids = (0...3).compactMap { all[".data[\($0)].id"]?.dropFirst() }.map(String.init)
        #expect(Set(ids).count == 4)
        let newest = try leaves(ResponseHistory.inputItemsPage(chain, limit: 1))
        #expect(newest[".data[0].id"] == "\"" + ids[3] && newest[".has_more"] == "true")
        let next = try leaves(ResponseHistory.inputItemsPage(chain, limit: 2, after: ids[3]))
        #expect(next[".first_id"] == "\"" + ids[2] && next[".last_id"] == "\"" + ids[1])
        let behind = try leaves(ResponseHistory.inputItemsPage(chain, after: ids[0]))
        #expect(behind[".data[0].id"] == nil && behind[".has_more"] == "false")
        for (limit, after) in [(0, nil), (101, nil), (5, "nowhere")] as [(Int, String?)] {
            #expect(throws: GatewayError.self) { try ResponseHistory.inputItemsPage(chain, limit: limit, after: after) }
        }
    }

    @Test func `keep ids that clients set`() throws {
        let request = try codec.decodeRequest(
            Array(
                #"{"input":[{"type":"message","id":"msg_own","role":"user","content":[{"type":"input_text","text":"x"}]}]}"#
                    .utf8
            )
        )
        let items = try ResponseHistory.inputItems(of: request, responseID: "resp_1")
        #expect(try leaves(items[0])[".id"] == "\"msg_own")
    }

    @Test func `come back from a column of a database`() throws {
        let record = try chain()[0]
        #expect(StoredResponse.items(StoredResponse.list(record.output)) == record.output)
        let input = StoredResponse.list(record.input)
        #expect(StoredResponse(previousID: nil, input: input, response: record.response) == record)
        #expect(StoredResponse.items(Array("{}".utf8)) == nil)
        #expect(StoredResponse(request: try codec.decodeRequest(Array(#"{"input":"x"}"#.utf8)), response: []) == nil)
    }

    @Test func `are told when they are gone`() throws {
        let deleted = try leaves(ResponseHistory.deleted("resp_1"))
        #expect(deleted == [".id": "\"resp_1", ".object": "\"response", ".deleted": "true"])
    }
}

import Foundation
import MartletCore
import MartletDialects
import Testing

@Suite("Batches") struct BatchTests {
    // MARK: Values made up by chance

    private static func text(_ random: inout SeededGenerator) -> String {
        let letters = ["a", "\"", "\\", "é", "\n", "7", "_", "🙂"]
        return (0..<Int.random(in: 1...6, using: &random)).map { _ in letters.randomElement(using: &random) ?? "" }
            .joined()
    }

    private static func maybe<Value>(
        _ random: inout SeededGenerator,
        _ make: (inout SeededGenerator) -> Value
    ) -> Value? {
        Bool.random(using: &random) ? make(&random) : nil
    }

    private static func count(_ random: inout SeededGenerator) -> Int64 {
        Int64.random(in: 0...1 << 40, using: &random)
    }

    private static func openAI(_ random: inout SeededGenerator) -> OpenAIBatch {
        var batch = OpenAIBatch(
            id: text(&random),
            endpoint: "/v1/embeddings",
            inputFileID: text(&random),
            status: OpenAIBatch.Status.allCases.randomElement(using: &random) ?? .failed,
            createdAt: count(&random)
        )
        for moment in OpenAIBatch.Moment.allCases where Bool.random(using: &random) {
            batch.moments[moment] = count(&random)
        }
        batch.outputFileID = maybe(&random, text)
        batch.errorFileID = maybe(&random, text)
        batch.counts = maybe(&random) { .init(total: count(&$0), completed: count(&$0), failed: count(&$0)) }
        batch.errors = (0..<Int.random(in: 0...2, using: &random)).map { line in
            BatchError(code: text(&random), line: line, message: text(&random), param: maybe(&random, text))
        }
        batch.metadata = maybe(&random) { [ChatRequest.MetadataPair(name: text(&$0), value: text(&$0))] }
        batch.model = maybe(&random, text)
        batch.extra = maybe(&random) { _ in [ExtraMember(name: "later", value: JSONText("[1, {}]"))] } ?? []
        return batch
    }

    private static func anthropic(_ random: inout SeededGenerator) -> AnthropicBatch {
        var counts = AnthropicBatch.Counts()
        (counts.processing, counts.succeeded, counts.errored) = (count(&random), count(&random), count(&random))
        (counts.canceled, counts.expired) = (count(&random), count(&random))
        var batch = AnthropicBatch(
            id: text(&random),
            status: AnthropicBatch.Status.allCases.randomElement(using: &random) ?? .ended,
            counts: counts,
            createdAt: text(&random),
            expiresAt: text(&random)
        )
        batch.endedAt = maybe(&random, text)
        batch.cancelInitiatedAt = maybe(&random, text)
        batch.archivedAt = maybe(&random, text)
        batch.resultsURL = maybe(&random, text)
        batch.extra = maybe(&random) { _ in [ExtraMember(name: "later", value: JSONText("null"))] } ?? []
        return batch
    }

    private static func body(_ random: inout SeededGenerator) -> JSONText {
        JSONText(
            ["{}", #"{"model":"m","messages":[{"a":"\n"}]}"#, #"{"x":[1,2.5e3,null]}"#].randomElement(using: &random)
                ?? "{}"
        )
    }

    // MARK: Both ways

    @Test(
        "what is written is read back, for batches, files, pages and requests",
        arguments: 1...200 as ClosedRange<UInt64>
    )
    func roundTrips(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let mine = Self.openAI(&random)
        #expect(try OpenAIBatch(decoding: mine.encoded()) == mine)
        let theirs = Self.anthropic(&random)
        #expect(try AnthropicBatch(decoding: theirs.encoded()) == theirs)
        var file = OpenAIFile(
            id: Self.text(&random),
            bytes: Self.count(&random),
            createdAt: Self.count(&random),
            filename: Self.text(&random),
            purpose: "batch",
            status: Self.maybe(&random, Self.text)
        )
        file.expiresAt = Self.maybe(&random, Self.count)
        #expect(try OpenAIFile(decoding: file.encoded()) == file)
        let page = BatchPage(data: [mine, Self.openAI(&random)], hasMore: Bool.random(using: &random))
        #expect(try BatchPage<OpenAIBatch>(openAI: page.encodedOpenAI()) == page)
        let files = BatchPage(data: [file], hasMore: true)
        #expect(try BatchPage<OpenAIFile>(openAI: files.encodedOpenAI()) == files)
        let other = BatchPage(data: [theirs], hasMore: false)
        #expect(try BatchPage<AnthropicBatch>(anthropic: other.encodedAnthropic()) == other)
        var request = OpenAIBatchRequest(inputFileID: Self.text(&random), endpoint: "/v1/responses")
        request.metadata = mine.metadata
        request.outputExpiresAfter = Self.maybe(&random) { Int64.random(in: 3_600...2_592_000, using: &$0) }
        #expect(try OpenAIBatchRequest(decoding: request.encoded()) == request)
    }

    @Test("lines of requests and results are read back in both dialects", arguments: 1...200 as ClosedRange<UInt64>)
    func lines(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let url = "/v1/chat/completions"
        let items = (0..<Int.random(in: 1...5, using: &random)).map { index in
            BatchItem(customID: "\(index)" + Self.text(&random), url: url, body: Self.body(&random))
        }
        let read = OpenAIBatchLines.items(OpenAIBatchLines.file(of: items), endpoint: url)
        #expect(read.items == items && read.errors.isEmpty)
        let named = items.indices.map { BatchItem(customID: "r-\($0)", body: items[$0].body) }
        #expect(try AnthropicBatchLines.items(AnthropicBatchLines.body(of: named)) == named)
        let outcomes: [BatchResult.Outcome] = [
            .answered(status: 200, requestID: "req", body: Self.body(&random)), .cancelled, .expired,
            .answered(status: 404, requestID: nil, body: Self.body(&random)), .failed(code: "c", message: "m"),
        ]
        let results = outcomes.shuffled(using: &random).enumerated().map { index, outcome in
            BatchResult(customID: "\(index)" + Self.text(&random), outcome: outcome)
        }
        let lines = OpenAIBatchLines.file(of: results) { "batch_req_\($0)" }
        #expect(try OpenAIBatchLines.results(lines) == results)
        let error = JSONText(
            #"{"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"req_1"}"#
        )
        let theirs = [
            BatchResult(customID: "a", outcome: .answered(status: 200, requestID: nil, body: Self.body(&random))),
            BatchResult(customID: "b", outcome: .answered(status: 529, requestID: "req_1", body: error)),
            BatchResult(customID: "c", outcome: .cancelled), BatchResult(customID: "d", outcome: .expired),
        ].shuffled(using: &random)
        #expect(try AnthropicBatchLines.results(AnthropicBatchLines.file(of: theirs)) == theirs)
    }

    // MARK: What is refused

    @Test("each mistake of a file of requests is told with its line")
    func mistakes() {
        let text = """
            {"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{}}\r

            {"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{}}
            {"custom_id":"b","method":"GET","url":"/v1/embeddings","body":{}}
            {"custom_id":"c","method":"POST","url":"/v1/responses","body":{}}
            {"custom_id":"d","method":"POST","url":"/v1/embeddings","body":[]}
            {"custom_id":"e","method":"POST","url":"/v1/embeddings"}
            {"custom_id":"f",
            {"custom_id":"g","method":"POST","url":"/v1/embeddings","body":{"input":"x"}}
            """
        let read = OpenAIBatchLines.items(Array(text.utf8), endpoint: "/v1/embeddings")
        #expect(read.items.map(\.customID) == ["a", "g"])
        #expect(read.errors.map(\.line) == [3, 4, 5, 6, 7, 8])
        #expect(
            read.errors.map(\.code) == [
                "duplicate_custom_id", "invalid_request", "invalid_request", "invalid_request", "invalid_request",
                "invalid_json_line",
            ]
        )
        #expect(read.errors.map(\.param) == ["custom_id", "method", "url", "body", "body", nil])
        #expect(OpenAIBatchLines.items([], endpoint: "/v1/embeddings").errors.map(\.code) == ["empty_file"])
        let many = Array(String(repeating: "x\n", count: 500).utf8)
        #expect(OpenAIBatchLines.items(many, endpoint: "").errors.count == OpenAIBatchLines.maxErrors)
    }

    @Test("a file has so many requests and no more")
    func most() {
        let lines = (0...OpenAIBatchLines.maxItems).map { number in
            #"{"custom_id":"\#(number)","method":"POST","url":"/u","body":{}}"#
        }
        let read = OpenAIBatchLines.items(Array(lines.joined(separator: "\n").utf8), endpoint: "/u")
        #expect(read.items.count == OpenAIBatchLines.maxItems && read.errors.map(\.code) == ["too_many_requests"])
    }

    @Test(
        "a body that creates a batch and is wrong names its field",
        arguments: [
            (#"{"endpoint":"/v1/responses","completion_window":"24h"}"#, "input_file_id"),
            (#"{"input_file_id":"f","endpoint":"/v1/other","completion_window":"24h"}"#, "endpoint"),
            (#"{"input_file_id":"f","endpoint":"/v1/responses","completion_window":"1h"}"#, "completion_window"),
            (
                #"{"input_file_id":"f","endpoint":"/v1/responses","completion_window":"24h","output_expires_after":"#
                    + #"{"anchor":"created_at","seconds":9}}"#, "output_expires_after.seconds"
            ),
        ]
    )
    func refusals(body: String, param: String) {
        let error = #expect(throws: GatewayError.self) { try OpenAIBatchRequest(decoding: Array(body.utf8)) }
        #expect(error?.param == param)
    }

    @Test(
        "a batch of messages that is wrong names its field",
        arguments: [
            (#"{}"#, "requests"), (#"{"requests":[]}"#, "requests"),
            (#"{"requests":[{"custom_id":"a b","params":{}}]}"#, "requests[0].custom_id"),
            (#"{"requests":[{"custom_id":"a","params":{}},{"custom_id":"a","params":{}}]}"#, "requests[1].custom_id"),
            (#"{"requests":[{"custom_id":"a","params":{"stream":true}}]}"#, "requests[0].params"),
            (#"{"requests":[{"custom_id":"a"}]}"#, "requests[0].params"),
        ]
    )
    func messageRefusals(body: String, param: String) {
        let error = #expect(throws: GatewayError.self) { try AnthropicBatchLines.items(Array(body.utf8)) }
        #expect(error?.param == param)
    }

    @Test(
        "what an upstream shows that is no batch is malformed, and a line of results says which",
        arguments: [
            "", "[]", "{}", #"{"id":1}"#,
            #"{"id":"b","endpoint":"e","input_file_id":"f","completion_window":"24h","status":"odd","created_at":1}"#,
        ]
    )
    func malformed(text: String) {
        #expect(throws: ChatFailure.self) { try OpenAIBatch(decoding: Array(text.utf8)) }
        #expect(throws: ChatFailure.self) { try AnthropicBatch(decoding: Array(text.utf8)) }
        #expect(throws: ChatFailure.self) { try OpenAIFile(decoding: Array(text.utf8)) }
        let second = "{\"custom_id\":\"a\",\"result\":{\"type\":\"expired\"}}\n" + (text.isEmpty ? "x" : text)
        do {
            _ = try AnthropicBatchLines.results(Array(second.utf8))
            Issue.record("read")
        } catch {
            #expect("\(error)".contains("line 2") || "\(error)".contains("malformed"))
        }
    }

    @Test("a batch of messages has a status in OpenAI's words")
    func statuses() {
        func status(
            _ status: AnthropicBatch.Status,
            _ edit: (inout AnthropicBatch.Counts) -> Void = { _ in }
        ) -> OpenAIBatch.Status {
            var counts = AnthropicBatch.Counts()
            edit(&counts)
            return AnthropicBatch(id: "b", status: status, counts: counts, createdAt: "", expiresAt: "").openAIStatus
        }
        #expect(status(.inProgress) == .inProgress && status(.canceling) == .cancelling)
        #expect(status(.ended) { $0.succeeded = 1 } == .completed)
        #expect(status(.ended) { ($0.succeeded, $0.canceled) = (1, 5) } == .completed)
        #expect(status(.ended) { $0.canceled = 5 } == .cancelled)
        #expect(status(.ended) { $0.expired = 5 } == .expired)
        #expect(status(.ended) { $0.errored = 5 } == .completed)
    }

    // MARK: Fixtures, which the official clients' types judge

    /// Our encodings of everything, as they stand in the corpus.
    private static func encodings() -> [(name: String, bytes: [UInt8])] {
        var batch = OpenAIBatch(
            id: "batch_1",
            endpoint: "/v1/chat/completions",
            inputFileID: "file-1",
            status: .completed,
            createdAt: 1_795_000_000
        )
        for (index, moment) in OpenAIBatch.Moment.allCases.enumerated() {
            batch.moments[moment] = 1_795_000_000 + Int64(index)
        }
        (batch.outputFileID, batch.errorFileID, batch.model) = ("file-2", "file-3", "gpt-5-mini")
        batch.counts = .init(total: 3, completed: 2, failed: 1)
        batch.metadata = [ChatRequest.MetadataPair(name: "job", value: "nightly")]
        batch.usage = ChatUsage(
            Usage(inputTokens: 10, outputTokens: 5, cacheReadTokens: 4, reasoningTokens: 1),
            dialect: .openAIResponses
        )
        var failed = OpenAIBatch(
            id: "batch_2",
            endpoint: "/v1/embeddings",
            inputFileID: "file-4",
            status: .failed,
            createdAt: 1_795_000_000
        )
        failed.errors = OpenAIBatchLines.items(Array("x\n".utf8), endpoint: "/v1/embeddings").errors
        var file = OpenAIFile(
            id: "file-2",
            bytes: 120,
            createdAt: 1_795_000_000,
            filename: "output.jsonl",
            purpose: "batch_output",
            status: "processed"
        )
        file.expiresAt = 1_797_592_000
        let noFile = GatewayError(.notFound, "There is no file file-9.", param: "file_id")
        var request = OpenAIBatchRequest(inputFileID: "file-1", endpoint: "/v1/embeddings")
        request.metadata = [ChatRequest.MetadataPair(name: "job", value: "nightly")]
        request.outputExpiresAfter = 3_600
        var counts = AnthropicBatch.Counts()
        (counts.succeeded, counts.errored, counts.canceled, counts.expired) = (1, 1, 1, 1)
        var messages = AnthropicBatch(
            id: "msgbatch_1",
            status: .ended,
            counts: counts,
            createdAt: "2026-11-20T10:00:00Z",
            expiresAt: "2026-11-21T10:00:00Z"
        )
        (messages.endedAt, messages.resultsURL) = ("2026-11-20T11:00:00Z", "https://example.com/results")
        let running = AnthropicBatch(
            id: "msgbatch_2",
            status: .inProgress,
            counts: AnthropicBatch.Counts(),
            createdAt: "2026-11-20T10:00:00Z",
            expiresAt: "2026-11-21T10:00:00Z"
        )
        let answer = JSONText(
            #"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":"#
                + #"{"role":"assistant","content":"Hi","refusal":null},"finish_reason":"stop","logprobs":null}]}"#
        )
        let message = JSONText(
            #"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi","#
                + #""citations":null}],"stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"#
                + #""usage":{"input_tokens":1,"output_tokens":1}}"#
        )
        let error = JSONText(
            #"{"type":"error","error":{"type":"invalid_request_error","message":"no"},"request_id":"req_1"}"#
        )
        func results(_ answer: JSONText) -> [BatchResult] {
            [
                BatchResult(customID: "a", outcome: .answered(status: 200, requestID: "req_0", body: answer)),
                BatchResult(customID: "b", outcome: .answered(status: 400, requestID: "req_1", body: error)),
                BatchResult(customID: "c", outcome: .cancelled), BatchResult(customID: "d", outcome: .expired),
                BatchResult(customID: "e", outcome: .failed(code: "provider_error", message: "down")),
            ]
        }
        return [
            ("openai-batch.json", batch.encoded()), ("openai-failed.json", failed.encoded()),
            ("openai-page.json", BatchPage(data: [batch, failed], hasMore: true).encodedOpenAI()),
            ("openai-file.json", file.encoded()), ("openai-file-deleted.json", OpenAIFile.deleted("file-2")),
            ("openai-file-error.json", OpenAIChatError.encode(noFile)), ("openai-request.json", request.encoded()),
            ("openai-files.json", BatchPage(data: [file], hasMore: false).encodedOpenAI()),
            ("openai-results.jsonl", OpenAIBatchLines.file(of: results(answer)) { "batch_req_\($0)" }),
            ("anthropic-batch.json", messages.encoded()), ("anthropic-running.json", running.encoded()),
            ("anthropic-page.json", BatchPage(data: [messages, running], hasMore: false).encodedAnthropic()),
            ("anthropic-deleted.json", AnthropicBatch.deleted("msgbatch_1")),
            ("anthropic-results.jsonl", AnthropicBatchLines.file(of: results(message))),
        ]
    }

    /// `MARTLET_WRITE_FIXTURES=1 swift test --filter BatchTests` writes them anew.
    @Test("encodings are those that the official clients' types have judged")
    func fixtures() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../Fixtures/Batch"
        )
        for encoding in Self.encodings() {
            let file = folder.appendingPathComponent(encoding.name)
            if ProcessInfo.processInfo.environment["MARTLET_WRITE_FIXTURES"] != nil {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try Data(encoding.bytes).write(to: file)
            }
            #expect(try Array(Data(contentsOf: file)) == encoding.bytes, "\(encoding.name)")
        }
    }
}

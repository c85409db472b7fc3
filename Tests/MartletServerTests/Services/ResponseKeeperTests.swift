import Foundation
import MartletCore
import MartletDialects
import MartletExchange
import MartletGovernance
import MartletStore
import Synchronization
import Testing

@testable import MartletServer

@Suite("Response keeper") final class ResponseKeeperTests: Sendable {
    private let directory: URL
    private let keeper: ResponseKeeper
    private let key = APIKeyID("abcdefghij12")

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "martlet-keeper-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let database = try MartletDatabase(path: directory.appending(path: "martlet.db").path)
        let clock = Clock()
        keeper = ResponseKeeper(ResponseStore(database), days: 2, wallClock: { clock.milliseconds }, log: { _ in })
        self.clock = clock
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Time that a test moves.
    private final class Clock: Sendable {
        private let value = Mutex<UInt64>(1_795_132_800_000)
        var milliseconds: UInt64 { value.withLock { $0 } }
        func pass(days: UInt64) { value.withLock { $0 += days * 86_400_000 } }
    }

    private let clock: Clock

    private func request(_ members: String) throws -> ChatRequest {
        try OpenAIResponsesCodec().decodeRequest(Array("{\"model\":\"m\",\(members)}".utf8))
    }

    private func keep(_ id: String, after previous: String? = nil, text: String) throws {
        let before = previous.map { ",\"previous_response_id\":\"\($0)\"" } ?? ""
        let item =
            #"{"type":"message","id":"msg_\#(id)","role":"assistant","status":"completed","content":"#
            + #"[{"type":"output_text","text":"said \#(text)","annotations":[]}]}"#
        keeper.keep(
            AnswerToKeep(
                key: key,
                request: try request("\"input\":\"\(text)\"\(before)"),
                requestBytes: 64,
                response: Array(#"{"id":"\#(id)","object":"response","output":[\#(item)]}"#.utf8),
                createdAt: Int64(clock.milliseconds / 1_000)
            )
        )
    }

    private func history(
        after id: String,
        key: APIKeyID? = nil,
        maxBytes: Int = 1 << 20,
        _ members: String = #""input":"now","previous_response_id":"x""#
    ) async throws -> HistoryAnswer? {
        let asked = HistoryRequest(
            previousID: id,
            key: key ?? self.key,
            request: try request(members),
            maxBytes: maxBytes
        )
        let answer = await withCheckedContinuation { done in
            keeper.history(asked) { done.resume(returning: Carried($0)) }
        }
        guard case .history(let history) = answer.value else { return nil }
        return history
    }

    private func page(_ path: String, _ method: ClientHead.Method = .get) async throws -> PageAnswer {
        let found = PathMatcher.endpoint(of: "/v1/responses/\(path)", basePaths: ["/v1"], metricsPath: "/metrics")
        guard case .response(let stored)? = found else { throw CancellationError() }
        let asked = StoredResponseRequest(path: stored, method: method, query: nil, key: key)
        let answer = await withCheckedContinuation { done in
            keeper.answer(asked) { done.resume(returning: Carried($0)) }
        }
        guard case .page(let page) = answer.value else { throw CancellationError() }
        return page
    }

    /// An answer on its way to the test, which alone looks at it.
    private struct Carried: @unchecked Sendable {
        let value: Answer
        init(_ value: Answer) { self.value = value }
    }

    @Test("puts the whole chain in front of a request, in its order")
    func chain() async throws {
        try keep("resp_1", text: "one")
        try keep("resp_2", after: "resp_1", text: "two")
        guard case .found(let request) = try await history(after: "resp_2") else {
            Issue.record("not found")
            return
        }
        #expect(request.messages.map(\.text) == ["one", "said one", "two", "said two", "now"])
    }

    @Test("knows nothing for other keys, of what is deleted, and of chains with a hole")
    func unknown() async throws {
        try keep("resp_1", text: "one")
        try keep("resp_2", after: "resp_1", text: "two")
        func isUnknown(_ answer: HistoryAnswer?) -> Bool { if case .unknown? = answer { true } else { false } }
        #expect(isUnknown(try await history(after: "resp_2", key: APIKeyID("zzzzzzzzzzzz"))))
        #expect(try await page("resp_1", .delete).status == 200)
        #expect(isUnknown(try await history(after: "resp_1")))
        #expect(isUnknown(try await history(after: "resp_2")))
        #expect(try await page("resp_2").status == 200)
    }

    @Test("refuses a conversation that is longer than a request may be")
    func long() async throws {
        try keep("resp_1", text: String(repeating: "x", count: 1_000))
        guard case .failed(let error) = try await history(after: "resp_1", maxBytes: 1_000) else {
            Issue.record("taken")
            return
        }
        #expect(error.code == .requestTooLarge && error.param == "previous_response_id")
    }

    @Test("refuses references to items that are not kept")
    func references() async throws {
        try keep("resp_1", text: "one")
        let found = try await history(after: "resp_1", #""input":[{"type":"item_reference","id":"msg_resp_1"}]"#)
        guard case .found(let request)? = found else {
            Issue.record("not found")
            return
        }
        #expect(request.messages.last?.text == "said one")
        let lost = try await history(after: "resp_1", #""input":[{"type":"item_reference","id":"msg_0"}]"#)
        guard case .failed(let error)? = lost else {
            Issue.record("found")
            return
        }
        #expect(error.param == "input")
    }

    @Test("forgets after its days")
    func expiry() async throws {
        try keep("resp_1", text: "one")
        keeper.finish()
        clock.pass(days: 1)
        _ = keeper.expire()
        #expect(try await page("resp_1").status == 200)
        clock.pass(days: 1)
        #expect(try await page("resp_1").status == 404, "before anything is deleted")
        #expect(keeper.expire() > .seconds(60))
        #expect(try await page("resp_1").status == 404)
    }

    @Test("keeps no more than may wait, and says so once")
    func backlog() async throws {
        let said = Mutex<[String]>([])
        let database = try MartletDatabase(path: directory.appending(path: "other.db").path)
        let keeper = ResponseKeeper(ResponseStore(database), days: 2) { text in said.withLock { $0.append(text) } }
        let answer = AnswerToKeep(
            key: key,
            request: try request(#""input":"x""#),
            requestBytes: 64,
            response: [UInt8](repeating: 0x20, count: ResponseKeeper.maxWaitingBytes + 1),
            createdAt: 0
        )
        keeper.keep(answer)
        keeper.keep(answer)
        keeper.finish()
        #expect(said.withLock { $0 } == ["responses cannot be kept: too many answers wait for the store\n"])
    }
}

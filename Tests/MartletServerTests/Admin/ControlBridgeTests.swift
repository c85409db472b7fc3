import HTTPTypes
import Hummingbird
import MartletCore
import MartletExchange
import MartletGovernance
import NIOCore
import Synchronization
import Testing

@testable import MartletServer

@Suite("Control bridge", .timeLimit(.minutes(1)))
struct ControlBridgeTests {
    private static func request(_ number: Int = 0) -> ControlRequest {
        ControlRequest(
            method: "GET",
            path: "/admin/\(number)",
            query: nil,
            contentType: nil,
            body: ByteBuffer(),
            principal: Principal(key: .admin, scopes: [.admin])
        )
    }

    @Test(
        "answers unknown paths with 404 in the gateway's shape",
        arguments: ["/admin/none", "/admin/keys/a/b", "/admin/"]
    )
    func unknownPath(path: String) async throws {
        let answer = try await AdminBench().send("GET", path)
        #expect(answer.status == 404)
        #expect(answer.contentType == "application/json")
        #expect(answer.code == "not_found")
        #expect(Set(answer.error.keys) == ["message", "type", "param", "code"])
    }

    @Test(
        "answers a wrong method with 405 and those there are",
        arguments: [
            ("POST", "/admin/usage", "GET, HEAD"), ("DELETE", "/admin/keys", "GET, HEAD, POST"),
            ("PATCH", "/admin/keys/abcdefghijkl", "GET, HEAD, DELETE"), ("OPTIONS", "/admin/usage", "GET, HEAD"),
        ]
    )
    func wrongMethod(method: String, path: String, allow: String) async throws {
        let answer = try await AdminBench().send(method, path)
        #expect(answer.status == 405)
        #expect(answer.allow == allow)
        #expect(answer.code == "method_not_allowed")
    }

    @Test("answers HEAD as GET")
    func head() async throws {
        #expect(try await AdminBench().send("HEAD", "/admin/keys").status == 200)
    }

    @Test("gathers a body that comes in pieces, and refuses one that is too long")
    func bodies() async {
        let pieces = ControlBridge { request, _ in
            let isLong = request.uri.path == "/admin/1"
            let piece = ByteBuffer(repeating: 0x61, count: 1 << 20)
            let body = ResponseBody { writer in
                for _ in 0..<(isLong ? 65 : 64) { try await writer.write(piece) }
                try await writer.finish(nil)
            }
            return Response(status: .ok, body: body)
        }
        let whole = await pieces.answer(to: Self.request(0))
        #expect(whole.status == 200 && whole.text.utf8.count == ControlBridge.maxBodyBytes)
        let tooLong = await pieces.answer(to: Self.request(1))
        #expect(tooLong.status == 500 && tooLong.code == "internal_error")
    }

    @Test("hides what went wrong inside")
    func failure() async {
        struct Secret: Error { let text = "sk-mt-secret" }
        let bridge = ControlBridge { _, _ in throw Secret() }
        let answer = await bridge.answer(to: Self.request())
        #expect(answer.status == 500)
        #expect(!answer.text.contains("Secret") && !answer.text.contains("sk-mt"))
    }

    @Test("runs 32 requests at once, lets 256 wait in order, and refuses the next")
    func bounds() async throws {
        let gate = HoldingResponder()
        let bridge = ControlBridge { try await gate.respond($0, $1) }
        let total = ControlBridge.maxRunning + ControlBridge.maxWaiting
        let answers = Mutex<[Int]>([])
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        for number in 0..<total {
            bridge.handle(Self.request(number)) { answer in
                guard case .page(let page) = answer else { return }
                answers.withLock { $0.append(page.status) }
                end.yield()
            }
        }
        let refused = await bridge.answer(to: Self.request(total))
        #expect(refused.status == 503 && refused.code == "overloaded")
        await gate.waitUntilStarted(ControlBridge.maxRunning)
        #expect(gate.started.count == ControlBridge.maxRunning)
        // One by one from here on: each that ends lets exactly the next one in.
        for count in 1...total {
            gate.releaseOne()
            var iterator = ended.makeAsyncIterator()
            await iterator.next()
            await gate.waitUntilStarted(min(total, ControlBridge.maxRunning + count))
        }
        #expect(answers.withLock { $0 } == [Int](repeating: 200, count: total))
        let waited = gate.started.dropFirst(ControlBridge.maxRunning)
        #expect(Array(waited) == Array(ControlBridge.maxRunning..<total))
        #expect(gate.mostAtOnce == ControlBridge.maxRunning)
    }
}

/// Holds requests until they are let go.
private final class HoldingResponder: Sendable {
    private struct State {
        var started: [Int] = []
        var held: [CheckedContinuation<Void, Never>] = []
        var running = 0
        var mostAtOnce = 0
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var started: [Int] { state.withLock { $0.started } }
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    func respond(_ request: Request, _ context: ControlContext) async throws -> Response {
        let number = Int(request.uri.path.dropFirst("/admin/".count)) ?? -1
        await withCheckedContinuation { continuation in
            let reached = state.withLock { state in
                state.started.append(number)
                state.running += 1
                state.mostAtOnce = max(state.mostAtOnce, state.running)
                state.held.append(continuation)
                let reached = state.waiters.filter { $0.count <= state.started.count }
                state.waiters.removeAll { $0.count <= state.started.count }
                return reached.map(\.continuation)
            }
            for waiter in reached { waiter.resume() }
        }
        state.withLock { $0.running -= 1 }
        return Response(status: .ok)
    }

    func waitUntilStarted(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.started.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    func releaseOne() {
        let next = state.withLock { $0.held.isEmpty ? nil : $0.held.removeFirst() }
        next?.resume()
    }
}

import Foundation
import MartletConfig
import MartletProviders
import MartletTesting
import NIOPosix
import Synchronization
import Testing

@testable import MartletServer

@Suite("Registry follower", .timeLimit(.minutes(1))) struct RegistryFollowerTests {
    /// A server that answers by a script, and what came of it.
    private final class World: Sendable {
        struct State {
            var url: String? = "https://example.com/m.toml"
            var answer: Result<GuardedFetch.Answer, GuardedFetch.Failure> = .failure(.unreachable)
            var asked: [[String: String]] = []
            var taken: [Int] = []
            var results: [Result<Int64, RegistryFault>] = []
            var isCopyInForce = false
        }
        let state = Mutex(State())
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)").path

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func answers(_ text: String, tag: String? = nil, status: Int = 200) {
            state.withLock { $0.answer = .success(.init(status: status, bytes: Array(text.utf8), tag: tag)) }
        }

        func fails(_ failure: GuardedFetch.Failure) { state.withLock { $0.answer = .failure(failure) } }

        var copy: RegistryCopy? { FileManager.default.contents(atPath: path).flatMap { RegistryCopy(Array($0)) } }
        var asked: [[String: String]] { state.withLock(\.asked) }
        var taken: [Int] { state.withLock(\.taken) }
        var last: Result<Int64, RegistryFault>? { state.withLock(\.results.last) }

        func follower() -> RegistryFollower {
            RegistryFollower(
                settings: { [self] in
                    var settings = RegistrySettings()
                    settings.url = state.withLock(\.url)
                    let isInForce = state.withLock(\.isCopyInForce)
                    return .init(registry: settings, copyPath: path, isCopyInForce: isInForce)
                },
                get: { [self] _, fields, _ in
                    try state.withLock { state in
                        state.asked.append(Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) }))
                        return try state.answer.get()
                    }
                },
                wallClock: { 7_000 },
                onCopy: { [self] edits, _ in
                    state.withLock { state in
                        state.taken.append(edits.count)
                        state.isCopyInForce = true
                    }
                },
                onResult: { [self] result in state.withLock { $0.results.append(result) } }
            )
        }
    }

    private static let rows = "[models.m.openai]\ncontext_window = 5\n"

    @Test("a good registry is taken over and kept, readable by its owner only")
    func good() async throws {
        let world = World()
        world.answers(Self.rows, tag: "\"v1\"")
        await world.follower().look()
        #expect(world.taken == [1] && world.last == .success(7))
        #expect(
            world.copy
                == RegistryCopy(
                    url: "https://example.com/m.toml",
                    tag: "\"v1\"",
                    fetchedAt: 7,
                    body: Array(Self.rows.utf8)
                )
        )
        let mode = try FileManager.default.attributesOfItem(atPath: world.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("an unchanged registry is asked for by its tag, and not taken over again")
    func unchanged() async {
        let world = World()
        world.answers(Self.rows, tag: "\"v1\"")
        await world.follower().look()
        world.answers("", status: 304)
        await world.follower().look()
        #expect(world.asked.last?["if-none-match"] == "\"v1\"")
        #expect(world.taken == [1] && world.last == .success(7) && world.copy?.body == Array(Self.rows.utf8))
    }

    @Test("a copy that is not in force is fetched whole, although the server's has not changed")
    func spoiled() async throws {
        let world = World()
        let copy = RegistryCopy(
            url: "https://example.com/m.toml",
            tag: "\"v1\"",
            fetchedAt: 1,
            body: Array("[models.m.openai]\ncontext_windoo = 5\n".utf8)
        )
        try Data(copy.bytes).write(to: URL(fileURLWithPath: world.path))
        world.answers("", status: 304)
        let follower = world.follower()
        await follower.look()
        #expect(world.asked.last?["if-none-match"] == nil && world.last == .failure(RegistryFault(.status(304))))
        world.answers(Self.rows, tag: "\"v1\"")
        await world.follower().look()
        #expect(world.taken == [1] && world.last == .success(7) && world.copy?.body == Array(Self.rows.utf8))
    }

    @Test(
        "a broken registry, or none, leaves the copy there is",
        arguments: ["[models", "[models.m.nobody]", "[models.m.openai]\nunknown = 1", "\u{0}"]
    )
    func broken(text: String) async {
        let world = World()
        world.answers(Self.rows)
        await world.follower().look()
        world.answers(text)
        await world.follower().look()
        #expect(world.taken == [1] && world.copy?.body == Array(Self.rows.utf8))
        guard case .failure(let fault)? = world.last else {
            Issue.record("taken")
            return
        }
        #expect(fault.text.hasPrefix("what was fetched is no registry: registry_url:"), "\(fault.text)")
        for failure in [GuardedFetch.Failure.address, .status(500), .size, .redirects, .unreachable] {
            world.fails(failure)
            await world.follower().look()
            #expect(world.last == .failure(RegistryFault(failure)) && world.copy?.body == Array(Self.rows.utf8))
        }
    }

    @Test("a redirect that is refused is called one")
    func redirect() async throws {
        let answer = "HTTP/1.1 302 Found\r\nlocation: http://models.example.com/\r\ncontent-length: 0\r\n\r\n"
        let server = try await ScriptedUpstream.start { _, _ in UpstreamScript([.write(Array(answer.utf8)), .close]) }
        let fetch = GuardedFetch(resolver: Resolver(threads: .singleton), group: MultiThreadedEventLoopGroup.singleton)
        let host = "127.0.0.1:\(server.port)"
        await #expect(throws: GuardedFetch.Failure.redirectRefused(.scheme)) {
            _ = try await fetch.get("http://\(host)/", fields: [], allowed: [host], own: [], limit: 10)
        }
        await server.stop()
        let text = RegistryFault(.redirectRefused(.scheme)).text
        #expect(text == "registry_url redirects to an address that does not begin with https://")
        #expect(RegistryFault(.refused(.scheme)).text == "registry_url must begin with https://")
    }

    @Test("it is fetched every six hours, after a failure sooner, and at once from another address")
    func rhythm() async {
        let world = World()
        let follower = world.follower()
        func looksUntilAsked() async -> Int {
            let before = world.asked.count
            var looks = 0
            while world.asked.count == before, looks < 2_000 {
                looks += 1
                await follower.look()
            }
            return looks
        }
        #expect(await looksUntilAsked() == 1)
        for expected in [10, 20, 40, 80, 160, 320, 640, 720, 720] { #expect(await looksUntilAsked() == expected) }
        world.answers(Self.rows)
        #expect(await looksUntilAsked() == 720)
        #expect(await looksUntilAsked() == 720)
        world.state.withLock { $0.url = "https://other.example/m.toml" }
        #expect(await looksUntilAsked() == 1)
        #expect(world.asked.last?["if-none-match"] == nil)
        world.state.withLock { $0.url = nil }
        #expect(await looksUntilAsked() == 2_000)
    }
}

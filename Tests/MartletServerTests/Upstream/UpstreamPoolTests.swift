import MartletConfig
import MartletCore
import MartletExchange
import MartletRouting
import MartletTesting
import NIOCore
import NIOPosix
import Testing

@testable import MartletServer

@Suite("The upstream pool", .timeLimit(.minutes(1)))
struct UpstreamPoolTests {
    /// Dials an account, and returns why there is no connection; `nil` when there is one.
    private func failure(baseURL: String, proxy: String, privacy: PrivacyClass) async throws -> LegFailure? {
        let toml = """
            [gateway.providers.up]
            type = "openai_compatible"
            base_url = "\(baseURL)"
            proxy = "\(proxy)"
            """
        let files = FileAccess(read: { $0 == "/c/m.toml" ? Array(toml.utf8) : nil })
        let config = ConfigLoader.load(files: ["/c/m.toml"], environment: [:], files: files)
        let snapshot = try #require(SnapshotBuilder.build(config).snapshot)
        let target = try #require(snapshot.accounts[AccountName("up")]?.makeTarget("m"))
        #expect((target.proxy == nil) == proxy.isEmpty)
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        return await withCheckedContinuation { done in
            loop.execute {
                let pool = UpstreamPool(eventLoop: loop, resolver: Resolver(threads: .singleton))
                pool.connect(to: target, privacy: privacy, deadline: .now + .seconds(20)) { result in
                    _ = pool
                    switch result {
                    case .success(let connection):
                        connection.abandon()
                        done.resume(returning: nil)
                    case .failure(let failure): done.resume(returning: failure)
                    }
                }
            }
        }
    }

    @Test("does not dial a proxy for what may not leave the device, be it on loopback")
    func proxy() async throws {
        let proxy = try await ScriptedUpstream.start()
        let address = "http://127.0.0.1:\(proxy.port)"
        let forbidden = try await failure(baseURL: "http://models.test/v1", proxy: address, privacy: .localOnly)
        #expect(forbidden == .forbidden && proxy.journal.connections.isEmpty)
        #expect(try await failure(baseURL: "http://models.test/v1", proxy: address, privacy: .open) == nil)
        await proxy.stop()
    }

    @Test("dials no address but loopback for what may not leave the device")
    func address() async throws {
        let upstream = try await ScriptedUpstream.start()
        // TEST-NET-1 (RFC 5737): nobody is there, so a dial would fail in another way.
        let elsewhere = try await failure(baseURL: "https://192.0.2.1/v1", proxy: "", privacy: .localOnly)
        #expect(elsewhere == .forbidden)
        #expect(try await failure(baseURL: upstream.baseURL, proxy: "", privacy: .localOnly) == nil)
        await upstream.stop()
    }
}

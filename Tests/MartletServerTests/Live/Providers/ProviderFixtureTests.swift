import Foundation
import MartletCore
import MartletDialects
import MartletProviders
import MartletTesting
import Synchronization
import Testing

@testable import MartletServer

extension Live {
    /// What each provider is sent, and what becomes of its answers.
    ///
    /// `MARTLET_WRITE_FIXTURES=1 swift test --filter ProviderFixtures` writes anew what is expected; it is to be reviewed.
    @Suite("Providers") struct ProviderFixtures {
        @Test("every request and answer of a provider is what was reviewed", arguments: ProviderFixture.all)
        func golden(_ fixture: ProviderFixture) async throws {
            var seen: [String: Any] = [:]
            let reply = Mutex(fixture.cases.first?.reply)
            let upstream = try await ScriptedUpstream.start { _, _ in
                reply.withLock { $0 }?.script ?? UpstreamScript([.close])
            }
            try await LiveGateway.run(
                fixture.toml(at: upstream),
                // Each row shows what one answer comes to, whatever those before it came to.
                environment: ["FIXTURE_KEY": "fixture-key-0123456789", "CIRCUIT_BREAKER_ENABLED": "false"]
            ) { gateway in
                for row in fixture.cases {
                    reply.withLock { $0 = row.reply }
                    let before = upstream.journal.requests.count
                    var body = Array(row.body)
                    body.insert(contentsOf: Array(#""model":"m","#.utf8), at: 1)
                    let answer = try await gateway.exchange(LiveRequest.chat(body, path: row.path))
                    var sighting: [String: Any] = [
                        "status": answer.status, "answer": ProviderSighting.body(answer.body),
                    ]
                    if let request = upstream.journal.requests.dropFirst(before).first {
                        sighting["line"] = request.requestLine
                        sighting["sent"] = ProviderSighting.body(request.body)
                        sighting["key"] = ["authorization", "api-key"].flatMap { name in
                            request.values(of: name).map { "\(name): \($0)" }
                        }
                    }
                    if let dropped = answer["x-gateway-dropped"] { sighting["dropped"] = dropped }
                    if let usage = try usage(of: row, fixture) { sighting["usage"] = usage }
                    seen[row.name] = sighting
                }
            }
            await upstream.stop()
            try compare(seen, fixture)
        }

        @Test("each row for an OpenAI-compatible server has its fixtures")
        func complete() {
            let kinds = ProviderCatalog.builtIn.providers.filter { $0.chatQuirks != nil || $0.basePath != nil }
            for descriptor in kinds {
                let cases = ProviderFixture.all.first { $0.name == descriptor.kind.rawValue }?.cases.map(\.name) ?? []
                for name in ["request", "stream", "tools", "structured", "messages", "error"] {
                    #expect(cases.contains(name), "\(descriptor.kind) has no fixture '\(name)'")
                }
            }
            #expect(kinds.count >= 13)
        }

        private func compare(_ seen: [String: Any], _ fixture: ProviderFixture) throws {
            let file = fixture.name + ".expected.json"
            let text = ProviderSighting.text(seen) + "\n"
            if ProcessInfo.processInfo.environment["MARTLET_WRITE_FIXTURES"] != nil {
                try text.write(to: ProviderFixture.folder.appending(path: file), atomically: true, encoding: .utf8)
                return
            }
            let expected = ProviderFixture.json(file)
            for row in fixture.cases {
                let found = ProviderSighting.text(seen[row.name] ?? [:])
                #expect(found == ProviderSighting.text(expected[row.name] ?? [:]), "\(fixture.name): \(row.name)")
            }
        }

        /// What the answer says was used, read three ways.
        private func usage(of row: ProviderFixture.Case, _ fixture: ProviderFixture) throws -> [String: Int64]? {
            guard row.reply.status == 200, row.name != "embeddings", row.name != "fim" else { return nil }
            let quirks = ProviderCatalog.builtIn.descriptor(named: fixture.kind)?.chatQuirks
            let codec = OpenAIChatCodec(quirks: quirks)
            let decoded: MartletCore.Usage?
            let watched: MartletCore.Usage?
            if row.reply.isStream {
                var decoder = codec.makeStreamDecoder()
                var chunks: [ChatChunk] = []
                try decoder.decode(row.reply.body.span, into: &chunks)
                decoded = chunks.compactMap(\.usage).last?.counts
                var watcher = OpenAIChatWatcher(callerWantsUsage: true)
                var report = OpenAIChatWatcher.Report()
                watcher.watch(row.reply.body.span, into: &report)
                watched = watcher.usage
            } else {
                guard let response = try? codec.decodeResponse(row.reply.body) else { return nil }
                decoded = response.usage?.counts
                watched = try row.reply.body.withUnsafeBytes { bytes in
                    var watcher = OpenAIChatBodyWatcher()
                    return try watcher.finish(bytes).usage
                }
            }
            #expect(decoded == watched, "\(fixture.name): \(row.name)")
            guard let decoded else { return nil }
            return [
                "input": decoded.inputTokens, "output": decoded.outputTokens, "cached": decoded.cacheReadTokens,
                "reasoning": decoded.reasoningTokens, "cost_nano_usd": decoded.reportedCost?.rawValue,
            ].compactMapValues { $0 }
        }
    }
}

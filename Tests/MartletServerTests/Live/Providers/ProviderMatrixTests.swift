import Foundation
import MartletCore
import MartletDialects
import MartletTesting
import Testing

@testable import MartletProviders
@testable import MartletServer

extension Live {
    /// Every provider from every surface; new rows, dialects and surfaces join by themselves.
    @Suite("Providers by surfaces") struct ProviderMatrix {
        private static let rows = ProviderCatalog.builtIn.providers.filter { $0.dialect != .mock }

        @Test("every surface reaches every provider, and shows its answer in its own words", arguments: rows)
        func chats(_ descriptor: ProviderDescriptor) async throws {
            try await check(descriptor)
        }

        @Test(
            "every provider with embeddings gives them on both surfaces; the others say that they have none",
            arguments: rows
        )
        func embeddings(_ descriptor: ProviderDescriptor) async throws {
            let has = MatrixServer(descriptor).hasEmbeddings
            try await run(descriptor) { gateway, upstream in
                for (path, member) in [("/v1/embeddings", "data"), ("/api/embed", "embeddings")] {
                    let body = Array(#"{"model":"v","input":["a","b"]}"#.utf8)
                    let answer = try await gateway.exchange(LiveRequest.chat(body, path: path))
                    #expect(answer.status == (has ? 200 : 400), "\(descriptor.kind) \(path): \(answer.text)")
                    if has { #expect((answer.json[member] as? [Any])?.count == 2, "\(descriptor.kind) \(path)") }
                }
                if !has { #expect(upstream.journal.requests.isEmpty) }
            }
        }

        @Test("a provider of OpenAI's kind is added by one row")
        func row() async throws {
            let rows = """
                {"providers": [{
                  "kind": "acme_ai", "title": "Acme", "short_names": ["acme"], "dialect": "openai_chat",
                  "other_dialects": ["openai_completions"], "base_url": "https://api.acme.example/v1",
                  "credential": "required", "credential_variables": ["ACME_API_KEY"],
                  "auth_header": "x-acme-key", "auth_prefix": "Key ", "engine": false, "accepts_stream_usage": true,
                  "differences": { "chat": { "token_limit": "max_tokens", "only_system_role": true } }
                }], "known": []}
                """
            let file = BuiltInFile.decode(PresetsFile.self, from: Array(rows.utf8), name: "rows")
            let descriptor = try #require(file.providers.first?.descriptor)
            let catalog = ProviderCatalog(providers: [descriptor], unavailable: [])
            try await check(descriptor, catalog)
            try await run(descriptor, catalog) { gateway, upstream in
                let body = #"{"model":"m","max_completion_tokens":4,"messages":[{"role":"developer","content":"a"}]}"#
                let answer = try await gateway.exchange(LiveRequest.chat(Array(body.utf8)))
                #expect(answer.status == 200)
                #expect(
                    upstream.journal.requests.first?.body
                        == Array(
                            #"{"model":"up-model","max_tokens":4,"messages":[{"role":"system","content":"a"}]}"#.utf8
                        )
                )
                #expect(upstream.journal.requests.first?.values(of: "x-acme-key") == ["Key " + MatrixServer.key])
            }
        }

        private func run(
            _ descriptor: ProviderDescriptor,
            _ catalog: ProviderCatalog = .builtIn,
            _ body: (LiveGateway, ScriptedUpstream) async throws -> Void
        ) async throws {
            let server = MatrixServer(descriptor)
            let upstream = try await ScriptedUpstream.start { request, _ in server.script(request) }
            let outcome: Result<Void, any Error>
            do {
                try await LiveGateway.run(
                    server.toml(at: upstream),
                    environment: server.environment(at: upstream),
                    catalog: catalog
                ) { try await body($0, upstream) }
                outcome = .success(())
            } catch { outcome = .failure(error) }
            await upstream.stop()
            try outcome.get()
        }

        private func check(_ descriptor: ProviderDescriptor, _ catalog: ProviderCatalog = .builtIn) async throws {
            try await run(descriptor, catalog) { gateway, upstream in
                for surface in MatrixSurface.all {
                    for stream in [false, true] {
                        let place: Comment = "\(descriptor.kind) from \(surface.path), stream \(stream)"
                        let body = "{\"model\":\"m\",\"stream\":\(stream),\(surface.members)}"
                        let answer = try await gateway.exchange(
                            LiveRequest.chat(Array(body.utf8), path: surface.path)
                        )
                        #expect(answer.status == 200, "\(place): \(answer.text)")
                        let type = stream ? surface.dialect.streamType : "application/json"
                        #expect(answer["content-type"]?.hasPrefix(type) == true, place)
                        #expect(try surface.text(answer, stream: stream) == MatrixServer.text, place)
                        #expect(answer["x-gateway-model"] == MatrixServer.model, place)
                    }
                }
                let requests = upstream.journal.requests.filter { !$0.requestLine.hasPrefix("POST /token ") }
                #expect(requests.count == MatrixSurface.all.count * 2)
                #expect(requests.allSatisfy { MatrixServer(descriptor).isSigned($0) }, "\(descriptor.kind)")
            }
        }
    }
}

import MartletConfig
import MartletCore
import MartletRouting
import MartletTesting
import Testing

@testable import MartletServer

@Suite("The doctor asks accounts", .timeLimit(.minutes(1)))
struct AccountCheckTests {
    private static let list = #"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#

    private static func answer(_ status: Int, _ body: String, fields: String = "") -> UpstreamScript {
        let head = "HTTP/1.1 \(status) X\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n"
        return UpstreamScript([.write(Array((head + fields + "\r\n" + body).utf8))])
    }

    private func target(_ baseURL: String, account: String = "") throws -> Target {
        let toml = """
            [gateway.providers.up]
            type = "openai_compatible"
            base_url = "\(baseURL)"
            api_key_location = "env::UP_KEY"
            \(account)
            """
        let files = FileAccess(read: { $0 == "/c/m.toml" ? Array(toml.utf8) : FileAccess.system.read($0) })
        let config = ConfigLoader.load(files: ["/c/m.toml"], environment: ["UP_KEY": "secret-key-1"], files: files)
        let snapshot = try #require(SnapshotBuilder.build(config).snapshot)
        return try #require(snapshot.accounts[AccountName("up")]?.makeTarget("m"))
    }

    private func check(
        identity: TLSIdentity? = nil,
        account: String = "",
        host: String? = nil,
        _ script: @escaping @Sendable (ReceivedRequest) -> UpstreamScript
    ) async throws -> DoctorCheck {
        let upstream = try await ScriptedUpstream.start(identity: identity) { request, _ in script(request) }
        let base = host.map { "https://\($0):\(upstream.port)/v1" } ?? upstream.baseURL
        var asking = AccountCheck(target: try target(base, account: account), now: { 0 }, fetcher: .scripted())
        // Who does not speak TLS only keeps silent.
        if identity == nil, host != nil { asking.connectTimeout = .milliseconds(300) }
        let check = await asking.report().check
        await upstream.stop()
        #expect(check.name == "account up" && !"\(check)".contains("secret-key-1"))
        return check
    }

    @Test("a key that opens the list is accepted; one that does not is told apart from everything else")
    func key() async throws {
        let good = try await check { request in
            let isGood = request.values(of: "authorization") == ["Bearer secret-key-1"]
            return isGood ? Self.answer(200, Self.list) : Self.answer(401, "{}")
        }
        #expect(good.status == .ok && good.message.contains("2 models, the key is accepted"))
        let bad = try await check { _ in Self.answer(401, "{}") }
        #expect(bad.status == .fail && bad.message.contains("refuses the key (401)") && bad.hint != nil)
    }

    @Test("a list that everybody may see says nothing about the key")
    func openList() async throws {
        let open = try await check { _ in Self.answer(200, Self.list) }
        #expect(open.status == .ok && open.message.contains("the key was not tried"))
    }

    @Test("an endpoint with Ollama's list only is fine, too")
    func tags() async throws {
        let found = try await check { request in
            request.requestLine.contains("/api/tags")
                ? Self.answer(200, #"{"models":[{"name":"m"}]}"#) : Self.answer(404, "{}")
        }
        #expect(found.status == .ok && found.message.contains("1 models"))
    }

    @Test(
        "other answers are judged by what they mean",
        arguments: [
            (403, DoctorCheck.Status.warn, "does not let this key list models"), (404, .warn, "no list of models"),
            (429, .warn, "limits the rate"), (307, .fail, "redirects"), (503, .fail, "answers 503"),
        ]
    )
    func statuses(status: Int, expected: DoctorCheck.Status, text: String) async throws {
        let found = try await check { _ in Self.answer(status, "{}", fields: "location: /x\r\n") }
        #expect(found.status == expected && found.message.contains(text))
    }

    @Test("a page that is no list is no API")
    func page() async throws {
        #expect(try await check { _ in Self.answer(200, "<html>") }.message.contains("no list of models"))
        #expect(try await check { _ in UpstreamScript([.close]) }.message.contains("closed the connection"))
    }

    @Test("a name, a port and a certificate that are wrong are told apart")
    func connection() async throws {
        let upstream = try await ScriptedUpstream.start()
        await upstream.stop()
        let closed = await AccountCheck(target: try target(upstream.baseURL), now: { 0 }, fetcher: .scripted()).report()
            .check
        #expect(closed.status == .fail && closed.message.contains("nothing listens there"))
        let unknown = await AccountCheck(
            target: try target("http://no-such-host.invalid/v1"),
            now: { 0 },
            fetcher: .scripted()
        ).report()
            .check
        #expect(unknown.status == .fail && unknown.message.contains("the name no-such-host.invalid is not found"))

        let certificates = try TestCertificates()
        defer { certificates.remove() }
        let identity = try certificates.identity("DNS:localhost")
        let root = #"tls = { ca_file = "\#(certificates.root)" }"#
        let list: @Sendable (ReceivedRequest) -> UpstreamScript = { _ in Self.answer(200, Self.list) }
        let trusted = try await check(identity: identity, account: root, host: "localhost", list)
        #expect(trusted.status == .ok)
        let untrusted = try await check(identity: identity, host: "localhost", list)
        #expect(untrusted.status == .fail && untrusted.message.contains("not trusted"))
        let other = try await check(identity: identity, account: root, host: "127.0.0.1", list)
        #expect(other.status == .fail && other.message.contains("for another name"))
        let plain = try await check(host: "localhost", list)
        #expect(plain.status == .fail && plain.message.contains("TLS"), "\(plain.message)")
    }

    @Test(
        "an account behind a proxy is asked through it, and a proxy in the way is told apart",
        arguments: [false, true]
    )
    func proxy(secure: Bool) async throws {
        let certificates = try TestCertificates()
        defer { certificates.remove() }
        let identity = secure ? try certificates.identity("DNS:models.test") : nil
        let upstream = try await ScriptedUpstream.start(identity: identity) { _, _ in Self.answer(200, Self.list) }
        let base = "\(secure ? "https" : "http")://models.test:\(upstream.port)/v1"
        func ask(_ answer: String) async throws -> (check: DoctorCheck, heads: [String]) {
            let proxy = try await ScriptedProxy.start(to: upstream.port, answer: answer)
            let account = """
                tls = { ca_file = "\(certificates.root)" }
                proxy = "http://user:word@127.0.0.1:\(proxy.port)"
                """
            let check = await AccountCheck(target: try target(base, account: account), now: { 0 }, fetcher: .scripted())
                .report().check
            await proxy.stop()
            return (check, proxy.heads)
        }
        let found = try await ask("HTTP/1.1 200 OK\r\n\r\n")
        #expect(found.check.status == .ok, "\(found.check.message)")
        // `user:word`
        #expect(found.heads.first?.lowercased().contains("proxy-authorization: basic dxnlcjp3b3jk") == true)
        let refused = try await ask("HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n").check
        #expect(refused.status == .fail && refused.message.contains("other credentials"), "\(refused.message)")
        let closed = try await ask("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n").check
        #expect(closed.status == .fail && closed.message.contains("gives no way"), "\(closed.message)")
        #expect(!closed.message.contains("word") && !refused.message.contains("word"))
        await upstream.stop()
    }

    @Test("an upstream that wants a client certificate is shown the account's", arguments: [true, false])
    func clientCertificate(shown: Bool) async throws {
        let certificates = try TestCertificates()
        defer { certificates.remove() }
        var identity = try certificates.identity("IP:127.0.0.1")
        identity.clientRootsFile = certificates.root
        let own = #", cert = "\#(identity.certificateFile)", key = "\#(identity.keyFile)""#
        let account = #"tls = { ca_file = "\#(certificates.root)"\#(shown ? own : "") }"#
        let found = try await check(identity: identity, account: account) { _ in Self.answer(200, Self.list) }
        #expect(found.status == (shown ? .ok : .fail), "\(found.message)")
    }
}

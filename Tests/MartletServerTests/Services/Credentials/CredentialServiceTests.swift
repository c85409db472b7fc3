import MartletCore
import MartletExchange
import MartletProviders
import MartletRouting
import MartletTesting
import MartletWire
import Synchronization
import Testing

@testable import MartletServer

@Suite("Credentials over all loops", .timeLimit(.minutes(1))) struct CredentialServiceTests {
    private let clock = ManualClock()
    private let lines = Lines()

    /// What was logged.
    private final class Lines: Sendable {
        private let state = Mutex<[String]>([])
        var all: [String] { state.withLock { $0 } }
        func add(_ line: String) { state.withLock { $0.append(line) } }
    }

    private static let authorization = Authorization(
        CredentialID(account: AccountName("g"), location: "sdk"),
        source: .google(GoogleCredentialSource(.discovered(files: [], metadataURL: "http://m"), scope: "all")),
        form: .field(name: "authorization", prefix: "Bearer ")
    )

    private static func reply(_ token: String, lifetime: Int = 3_600) -> CredentialReply {
        let body = #"{"access_token":"\#(token)","expires_in":\#(lifetime),"token_type":"Bearer"}"#
        return CredentialReply(status: 200, body: Array(body.utf8), fields: ["metadata-flavor": "Google"])
    }

    private func service(
        _ transport: ScriptedTransport,
        files: @escaping @Sendable (String) -> String? = { _ in nil }
    )
        -> CredentialService
    {
        let (clock, lines) = (clock, lines)
        return CredentialService(
            .scripted(transport, files: files, unixSeconds: { Int64(clock.wallMilliseconds / 1_000) }),
            now: { clock.now },
            log: { lines.add($0) }
        )
    }

    private func obtain(
        _ service: CredentialService,
        _ authorization: Authorization = authorization,
        refusedSince: Instant? = nil
    ) async -> CredentialAnswer {
        await withCheckedContinuation { done in
            service.obtain(CredentialRequest(authorization, refusedSince: refusedSince)) { done.resume(returning: $0) }
        }
    }

    private func token(_ service: CredentialService) -> String? {
        guard case .token(let token)? = service.current(Self.authorization)?.value else { return nil }
        return token.reveal()
    }

    /// Waits until something that runs beside the test has happened.
    private func until(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

    @Test("a hundred requests at once lead to one call, and all go on with its answer")
    func singleFlight() async {
        let transport = ScriptedTransport { _, number throws(CredentialFailure) in Self.reply("t\(number)") }
        let service = service(transport)
        #expect(service.check(Self.authorization, mayFetch: true) == .mustAsk)
        transport.hold()
        await withTaskGroup(of: CredentialAnswer.self) { tasks in
            for _ in 0..<100 { tasks.addTask { await obtain(service) } }
            await until { transport.calls.count == 1 }
            transport.release()
            for await answer in tasks { #expect(answer == .ready) }
        }
        #expect(transport.calls.count == 1 && token(service) == "t1")
        #expect(service.check(Self.authorization, mayFetch: true) == .ready)
    }

    @Test("a clock that a refusal tells is wrong is corrected, and the request sent once more with the same keys")
    func clockSkew() async throws {
        let service = service(ScriptedTransport { _, _ throws(CredentialFailure) in throw CredentialFailure("nobody") })
        var chain = AWSCredentialChain(region: "eu-west-1")
        chain.fixed = AWSKeys(accessKeyID: "AK", secretAccessKey: Secret("s"))
        let id = CredentialID(account: AccountName("a"), location: "here")
        let form = Authorization.Form.awsV4(region: "eu-west-1", service: "s")
        let authorization = Authorization(id, source: .aws(chain), form: form)
        let target = Target(
            id: TargetID(account: AccountName("a"), upstreamModel: "m", credentialLocation: "here"),
            account: AccountName("a"),
            kind: ProviderKind("openai_compatible"),
            dialect: .openAIChat,
            upstreamModel: "m",
            endpoint: Endpoint(tls: false, host: "127.0.0.1", port: 1, basePath: "/v1"),
            source: .custom,
            isLocal: true,
            authorization: authorization
        )
        func head(_ ahead: Int, _ type: String = "InvalidSignatureException:http://x") throws -> HTTPResponseHead {
            let date = DateField.imfFixdate(unixSeconds: Int(clock.wallMilliseconds / 1_000) + ahead)
            let text = "HTTP/1.1 403 F\r\ndate: \(date)\r\nx-amzn-errortype: \(type)\r\ncontent-length: 0\r\n\r\n"
            var reader = HTTPResponseReader()
            var buffer = Array(text.utf8)
            _ = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
            return try #require(reader.head)
        }
        func offset() -> Int64? { service.current(authorization)?.clock.seconds }
        let sentAt = clock.now
        clock.advance(by: .seconds(1))
        service.refused(target, by: try head(200))
        service.refused(target, by: try head(900, "AccessDeniedException"))
        #expect(offset() == 0)
        service.refused(target, by: try head(900))
        #expect(offset() == 900 && lines.all.filter { $0.contains("900 s ahead of this machine's") }.count == 1)
        #expect(await obtain(service, authorization, refusedSince: sentAt) == .ready)
        // What is refused with the right time is so for another reason.
        let later = clock.now
        clock.advance(by: .seconds(1))
        service.refused(target, by: try head(901))
        #expect(offset() == 900)
        #expect(await obtain(service, authorization, refusedSince: later) == .failed)
    }

    @Test("it is renewed before it ends while the old one is used, without anybody asking")
    func renewal() async {
        let transport = ScriptedTransport { _, number throws(CredentialFailure) in Self.reply("t\(number)") }
        let service = service(transport)
        #expect(await obtain(service) == .ready)
        clock.advance(by: .seconds(3_600 - 226))
        service.renewDue()
        #expect(transport.calls.count == 1)
        #expect(service.check(Self.authorization, mayFetch: true) == .ready)
        clock.advance(by: .seconds(2))
        transport.hold()
        service.renewDue()
        service.renewDue()
        #expect(service.check(Self.authorization, mayFetch: true) == .ready && token(service) == "t1")
        await until { transport.calls.count == 2 }
        transport.release()
        await until { token(service) == "t2" }
        #expect(transport.calls.count == 2)
    }

    @Test("a request renews it too, unless nothing may be fetched because of it; one that nobody uses is left to end")
    func renewalByRequests() async {
        let transport = ScriptedTransport { _, number throws(CredentialFailure) in
            Self.reply("t\(number)", lifetime: 7_200)
        }
        let service = service(transport)
        #expect(await obtain(service) == .ready)
        clock.advance(by: .seconds(7_200 - 200))
        service.renewDue()
        #expect(service.check(Self.authorization, mayFetch: false) == .ready)
        #expect(transport.calls.count == 1)
        #expect(service.check(Self.authorization, mayFetch: true) == .ready)
        await until { token(service) == "t2" }
    }

    @Test("one that ended is not used, whatever failed meanwhile")
    func ended() async {
        let transport = ScriptedTransport { _, number throws(CredentialFailure) in
            guard number == 1 else { throw CredentialFailure("nobody answers") }
            return Self.reply("t1")
        }
        let service = service(transport)
        #expect(await obtain(service) == .ready)
        clock.advance(by: .seconds(3_500))
        #expect(service.check(Self.authorization, mayFetch: true) == .ready)
        await until { transport.calls.count == 2 }
        clock.advance(by: .seconds(95))
        #expect(token(service) == nil)
        #expect(service.check(Self.authorization, mayFetch: true) != .ready)
        #expect(await obtain(service) == .failed)
        await until { !lines.all.isEmpty }
        #expect(
            lines.all == [
                "credential g|sdk: there is no file of application default credentials, and of the metadata"
                    + " server: nobody answers\n"
            ]
        )
    }

    @Test("one that had ended when it came is a failure, and its source is left alone for a while")
    func endedOnArrival() async {
        let transport = ScriptedTransport { _, number throws(CredentialFailure) in
            Self.reply("t\(number)", lifetime: number == 1 ? 0 : 3_600)
        }
        let service = service(transport)
        #expect(await obtain(service) == .failed && token(service) == nil)
        #expect(service.check(Self.authorization, mayFetch: true) == .failed)
        #expect(transport.calls.count == 1)
        clock.advance(by: .seconds(1))
        #expect(await obtain(service) == .ready && token(service) == "t2")
        await until { lines.all.count == 2 }
        #expect(
            lines.all == [
                "credential g|sdk: it had ended when it came; check the clock\n",
                "credential g|sdk: it is there again\n",
            ]
        )
    }

    @Test("a failure is told at once for a while, each time longer, and then it is tried again")
    func recovery() async {
        let isUp = Mutex(false)
        let transport = ScriptedTransport { _, number throws(CredentialFailure) in
            guard isUp.withLock({ $0 }) else { throw CredentialFailure("nobody answers") }
            return Self.reply("t\(number)")
        }
        let service = service(transport)
        for (index, pause) in [1, 2, 4, 8].enumerated() {
            #expect(await obtain(service) != .ready)
            #expect(transport.calls.count == index + 1)
            clock.advance(by: .milliseconds(pause * 1_000 - 1))
            #expect(await obtain(service) != .ready && service.check(Self.authorization, mayFetch: true) != .mustAsk)
            #expect(transport.calls.count == index + 1)
            clock.advance(by: .milliseconds(1))
        }
        isUp.withLock { $0 = true }
        #expect(service.check(Self.authorization, mayFetch: true) == .mustAsk)
        #expect(await obtain(service) == .ready && token(service) == "t5")
    }

    @Test("one that a target refused is renewed once for all that were refused, and not again for a minute")
    func refused() async {
        let transport = ScriptedTransport { _, number throws(CredentialFailure) in Self.reply("t\(number)") }
        let service = service(transport)
        #expect(await obtain(service) == .ready)
        clock.advance(by: .seconds(1))
        let sent = clock.now
        clock.advance(by: .seconds(1))
        transport.hold()
        await withTaskGroup(of: CredentialAnswer.self) { tasks in
            for _ in 0..<20 { tasks.addTask { await obtain(service, refusedSince: sent) } }
            await until { transport.calls.count == 2 }
            transport.release()
            for await answer in tasks { #expect(answer == .ready) }
        }
        #expect(transport.calls.count == 2 && token(service) == "t2")
        // Its own request came before the new one: no call. One that was refused with the new one: not yet.
        #expect(await obtain(service, refusedSince: sent) == .ready)
        clock.advance(by: .seconds(1))
        #expect(await obtain(service, refusedSince: clock.now) != .ready)
        #expect(transport.calls.count == 2)
        clock.advance(by: .seconds(60))
        #expect(await obtain(service, refusedSince: clock.now) == .ready)
        #expect(transport.calls.count == 3)
    }

    @Test("where only the same one is to be had, a refusal stays one")
    func sameAgain() async {
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in Self.reply("same") }
        let service = service(transport)
        #expect(await obtain(service) == .ready)
        clock.advance(by: .seconds(1))
        #expect(await obtain(service, refusedSince: clock.now) != .ready)
        #expect(service.check(Self.authorization, mayFetch: true) == .ready)
    }

    @Test("keys that the environment holds are there at once, and nothing is ever called for")
    func fixed() async {
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in throw CredentialFailure("called") }
        let service = service(transport)
        var chain = AWSCredentialChain(region: "r")
        chain.fixed = AWSKeys(accessKeyID: "A", secretAccessKey: Secret("s"))
        let authorization = Authorization(
            CredentialID(account: AccountName("a"), location: "sdk"),
            source: .aws(chain),
            form: .awsV4(region: "r", service: "s")
        )
        #expect(service.check(authorization, mayFetch: false) == .ready)
        #expect(service.current(authorization)?.signer(region: "r", service: "s")?.keys == chain.fixed)
        #expect(transport.calls.isEmpty)
    }

    @Test("a file that was replaced counts after a reload, and the old credential until then")
    func rotation() async {
        let file = Mutex("[default]\naws_access_key_id = OLD\naws_secret_access_key = s\n")
        let transport = ScriptedTransport { _, _ throws(CredentialFailure) in throw CredentialFailure("called") }
        let service = service(transport) { path in path == "/c" ? file.withLock { $0 } : nil }
        var chain = AWSCredentialChain(region: "r")
        chain.credentialsFile = "/c"
        let authorization = Authorization(
            CredentialID(account: AccountName("a"), location: "sdk"),
            source: .aws(chain),
            form: .awsV4(region: "r", service: "s")
        )
        func key() -> String? { service.current(authorization)?.signer(region: "r", service: "s")?.keys.accessKeyID }
        #expect(await obtain(service, authorization) == .ready)
        #expect(key() == "OLD")
        file.withLock { $0 = "[default]\naws_access_key_id = NEW\naws_secret_access_key = s\n" }
        service.reloaded()
        #expect(key() != nil)
        await until { key() == "NEW" }
        // A file that is gone leaves what there was.
        file.withLock { $0 = "" }
        service.reloaded()
        for _ in 0..<50 { await Task.yield() }
        #expect(key() == "NEW")
    }
}

import MartletCore
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("Credentials that must be fetched") struct CredentialStageTests {
    private static func target(_ name: String = "one", isLocal: Bool = false) -> Target {
        .sample(name, isLocal: isLocal, authorization: .sample(name))
    }

    private func driver(
        _ known: CredentialAnswer,
        _ targets: [Target] = [target()],
        head: ClientHead = .chat()
    ) -> Driver {
        let driver = Driver(Setup(targets: targets), head: head)
        driver.env.credentials = ["one": known, "two": known]
        return driver
    }

    private func answer(_ driver: Driver, _ answer: CredentialAnswer) {
        guard let open = driver.openAsk, case .credential = open.ask else {
            Issue.record("nothing is asked for: \(driver.report)")
            return
        }
        driver.tell(.answer(open.id, .credential(answer)))
    }

    @Test("one that is there is asked for by nobody, and nothing waits")
    func ready() {
        let driver = driver(.ready).send(Chat.body()).connect()
        #expect(driver.asks.isEmpty && driver.accounts == ["one"], "\(driver.report)")
        #expect(driver.env.credentialFetches == [true])
    }

    @Test("a target with fields of its own is not even looked up")
    func plain() {
        let driver = driver(.mustAsk, [.sample("one")]).send(Chat.body()).connect()
        #expect(driver.asks.isEmpty && driver.env.credentialFetches.isEmpty)
    }

    @Test("one that is not there is asked for before a slot is taken, and the request goes on")
    func asked() {
        let driver = driver(.mustAsk).send(Chat.body())
        #expect(driver.legs.isEmpty && driver.slots.count <= 1)
        answer(driver, .ready)
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.response?.status == 200 && driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a failure passes on to the next target")
    func nextTarget() {
        let driver = driver(.mustAsk, [Self.target(), .sample("two")]).send(Chat.body())
        answer(driver, .failed)
        driver.connect()
        #expect(driver.accounts == ["two"] && driver.env.reports.first?.kind == .auth, "\(driver.report)")
        let known = self.driver(.failed, [Self.target(), .sample("two")]).send(Chat.body()).connect()
        #expect(known.accounts == ["two"] && known.asks.isEmpty)
    }

    @Test("the last failure names the account, and points to the log for the cause")
    func lastFailure() {
        let driver = driver(.failed).send(Chat.body())
        #expect(driver.response?.status == 502 && driver.errorCode == "provider_auth_error")
        #expect(driver.bodyText.contains("account one: it could not be obtained; the gateway's log says why"))
        #expect(driver.outcome?.attempts.map(\.outcome) == ["auth"])
    }

    @Test("an upstream's error that shows the token does not pass")
    func shown() {
        for (text, passes) in [("fetched-token", false), ("no secret", true)] {
            let body = #"{"error":{"message":"Bad: \#(text)","type":"invalid_request_error"}}"#
            let driver = driver(.ready).send(Chat.body()).connect().head(400, .json).bytes(body).end()
            #expect(driver.response?.status == (passes ? 400 : 502) && driver.bodyText.contains(text) == passes)
        }
    }

    @Test("a refused one is renewed once, and the request goes to the same target again", arguments: [401, 403])
    func renewed(status: Int) {
        let driver = driver(.ready).send(Chat.body()).connect().head(status, .json).bytes("{}").end()
        guard case .credential(let request)? = driver.openAsk?.ask else {
            Issue.record("nothing is renewed: \(driver.report)")
            return
        }
        #expect(request.refusedSince != nil)
        answer(driver, .ready)
        driver.connect()
        #expect(driver.accounts == ["one", "one"], "\(driver.report)")
        driver.head(status, .json).bytes("{}").end()
        // Not a second time.
        #expect(driver.asks.count == 1 && driver.response?.status == 502, "\(driver.report)")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("where another one does not exist the refusal counts, and the next target is asked")
    func notRenewed() {
        let driver = driver(.ready, [Self.target(), .sample("two")]).send(Chat.body()).connect()
        driver.head(401, .json).bytes("{}").end()
        answer(driver, .failed)
        driver.connect()
        #expect(driver.accounts == ["one", "two"], "\(driver.report)")
    }

    @Test("a request that may not leave the device has nothing fetched for it")
    func localOnly() {
        let driver = driver(.mustAsk, [Self.target(isLocal: true)])
        driver.exchange.privacy = .localOnly
        driver.send(Chat.body())
        #expect(driver.asks.isEmpty && driver.env.credentialFetches == [false], "\(driver.report)")
        #expect(driver.response?.status == 502)
        let refused = self.driver(.ready, [Self.target(isLocal: true)])
        refused.exchange.privacy = .localOnly
        refused.send(Chat.body()).connect().head(401, .json).bytes("{}").end()
        #expect(refused.asks.isEmpty && refused.response?.status == 502, "\(refused.report)")
    }

    // MARK: Callers

    private static func own(isOptional: Bool = false, otherwise: Authorization? = nil) -> Target {
        .sample(
            "one",
            authorization: Authorization(
                CredentialID(account: AccountName("one"), location: "dynamic::Mine"),
                callerKey: "Mine",
                callerForm: .field(name: "api-key", prefix: ""),
                otherwise: otherwise,
                isOptional: isOptional
            )
        )
    }

    private static func head(_ value: String?) -> ClientHead {
        .chat { head in
            if let value { head.credentials = [HeaderField(name: "mine", value: value)] }
        }
    }

    @Test("what a caller's credential comes to, good or bad, says nothing of the target", arguments: [200, 401, 429])
    func callersOnly(status: Int) {
        let driver = driver(.mustAsk, [Self.own(otherwise: .sample("one"))], head: Self.head("sk-caller")).send(
            Chat.body()
        )
        driver.connect().head(status, .json).bytes(status == 200 ? Chat.answer : "{}").end()
        #expect(driver.env.reports.isEmpty, "\(driver.report)")
        #expect(driver.response != nil && driver.problems.isEmpty)
    }

    @Test("a caller's credential is used for that request, and nothing is fetched")
    func caller() {
        let driver = driver(.mustAsk, [Self.own(otherwise: .sample("one"))], head: Self.head("sk-caller")).send(
            Chat.body()
        )
        driver.connect()
        let request = driver.legs.values.first?.request
        #expect(request?.fields == [HeaderField(name: "api-key", value: "sk-caller")] && request?.isAuthorized == true)
        #expect(driver.asks.isEmpty && driver.env.credentialFetches.isEmpty, "\(driver.report)")
        // It is refused: there is no other one.
        driver.head(401, .json).bytes("{}").end()
        #expect(driver.asks.isEmpty && driver.response?.status == 502)
        #expect(driver.bodyText.contains("the credential that the request brought"))
    }

    @Test(
        "without it the next place counts; without one the request fails and says what to send",
        arguments: [nil, "a b"]
    )
    func missing(value: String?) {
        let driver = driver(.ready, [Self.own()], head: Self.head(value)).send(Chat.body())
        #expect(driver.response?.status == 400 && driver.bodyText.contains("x-gateway-credential-Mine"))
        #expect(driver.errorCode == (value == nil ? "missing_required_parameter" : "invalid_value"))
        let other = self.driver(.mustAsk, [Self.own(otherwise: .sample("one"))], head: Self.head(value)).send(
            Chat.body()
        )
        answer(other, .ready)
        #expect(other.connect().accounts == ["one"])
        let fixed = self.driver(.mustAsk, [Self.own(isOptional: true)], head: Self.head(value)).send(Chat.body())
            .connect()
        #expect(fixed.accounts == ["one"] && fixed.legs.values.first?.request?.isAuthorized == false)
    }
}

import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Threads of Anthropic") struct ThreadTests {
    private static let claude = Messages.claude
    private static let other = Target.sample("other", model: "claude-sonnet-4-5", dialect: .anthropicMessages)
    private static let key = APIKeyID("abcdefghijkl")

    private func ask(_ targets: [Target], _ thread: String, stream: Bool = false) -> Driver {
        Driver(Setup(targets: targets), head: .messages(version: "2026-10-21", betas: "message-threads-2026-08-12"))
            .send(Messages.body(stream: stream, extra: #","thread":\#(thread)"#))
    }

    private static let create = #"{"type":"create"}"#
    private static let resume = #"{"type":"continue","previous_message_id":"msg_0"}"#

    private func isUnsupported(_ driver: Driver) -> Bool {
        driver.response?.status == 400
            && driver.bodyText.contains(
                #""details":{"error_code":"thread_unsupported_request","unsupported":["model"]}"#
            )
    }

    @Test("are refused where nobody keeps them, before anybody is asked", arguments: [create, resume])
    func unsupported(thread: String) {
        for target in [Target.sample("one"), .mock] {
            let driver = ask([target], thread)
            #expect(isUnsupported(driver), "\(driver.bodyText)")
            #expect(driver.legs.isEmpty && driver.asks.isEmpty)
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("that begin are refused when only a target of another dialect is left")
    func fallback() {
        let driver = ask([Self.claude, .sample("one")], Self.create).connect().head(401, .json).bytes("{}").end()
        #expect(isUnsupported(driver), "\(driver.bodyText)")
        #expect(driver.accounts == ["claude"])
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the account of each message of a thread is remembered for its key, of whole answers and of streams")
    func remembered() {
        let whole = ask([Self.claude], Self.create).connect().head(200, .json).bytes(Messages.answer).end()
        let stream = ask([Self.claude], Self.create, stream: true).stream(Messages.start + Messages.text("Hi"))
        stream.bytes(Messages.end)
        for driver in [whole, stream] {
            #expect(driver.remembered.map(\.id) == ["msg_1"])
            #expect(driver.remembered.first?.key == Self.key)
            #expect(driver.remembered.first?.account == AccountName("claude"))
            #expect(driver.outcome?.record?.state == .settled)
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
        let without = Driver(Setup(targets: [Self.claude]), head: .messages()).send(Messages.body()).connect()
        without.head(200, .json).bytes(Messages.answer).end()
        #expect(without.remembered.isEmpty)
    }

    @Test("go on with the account that made the last message, and with no other")
    func resumed() throws {
        let driver = ask([Self.claude, Self.other], Self.resume)
        let open = try #require(driver.openAsk)
        guard case .messageAccount("msg_0", Self.key) = open.ask else { throw Unexpected() }
        #expect(driver.legs.isEmpty)
        driver.tell(.answer(open.id, .messageAccount(AccountName("other")))).connect()
        #expect(driver.accounts == ["other"])
        #expect(driver.sentText.contains(Self.resume))
        // What a provider keeps is not asked for twice.
        driver.head(500, .json).bytes("{}").end()
        #expect(driver.accounts == ["other"] && driver.response?.status == 502)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("nobody knows are not found, so that the client replays them", arguments: [nil, "gone"])
    func unknown(account: String?) throws {
        let driver = ask([Self.claude], Self.resume)
        let open = try #require(driver.openAsk)
        driver.tell(.answer(open.id, .messageAccount(account.map { AccountName($0) })))
        #expect(driver.response?.status == 404)
        #expect(driver.bodyText.contains(#""details":{"error_code":"thread_not_found"}"#), "\(driver.bodyText)")
        #expect(driver.legs.isEmpty && driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("whose look-up hangs are answered with 503")
    func hangs() {
        let driver = ask([Self.claude], Self.resume).wait(.seconds(3))
        #expect(driver.response?.status == 503)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    private struct Unexpected: Error {}
}

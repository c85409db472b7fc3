import MartletCore
import MartletExtensions
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("A target policy of the program around the gateway") struct TargetPolicyTests {
    private func driver(
        _ targets: [Target] = [.sample("one"), .sample("two"), .sample("three")],
        head: ClientHead = .chat(),
        _ policy: @escaping (GatewayRequest, [TargetOption]) -> TargetDecision
    ) -> Driver {
        let driver = Driver(Setup(targets: targets), head: head)
        driver.env.points = .targets
        driver.env.policy = policy
        return driver
    }

    /// The accounts that are asked, one after the other, when each fails.
    private func asked(_ driver: Driver) -> [String] {
        driver.send().serve { _ in .status(401) }
        #expect(driver.problems.isEmpty, "\(driver.report)")
        var seen: [String] = []
        for account in driver.accounts where seen.last != account { seen.append(account) }
        return seen
    }

    @Test("it is shown the plan as values")
    func options() {
        var shown: [TargetOption] = []
        let engine = Target.sample("engine", isLocal: true, contextWindow: 4_096)
        let driver = driver([.sample("one", model: "m"), engine]) { _, options in
            shown = options
            return .unchanged
        }
        driver.send()
        let first = TargetOption(
            id: 0,
            provider: "one",
            kind: "openai_compatible",
            model: "m",
            inputPrice: 1_000_000,
            outputPrice: 2_000_000
        )
        #expect(shown.first == first && shown.last?.isLocal == true && shown.last?.contextWindow == 4_096)
        #expect(driver.env.policyRequests.first?.model == "gpt-test")
    }

    @Test("what it leaves is asked in its order, and nothing else")
    func narrows() {
        #expect(asked(driver { _, _ in .unchanged }) == ["one", "two", "three"])
        #expect(asked(driver { _, options in .use(options.reversed()) }) == ["three", "two", "one"])
        #expect(asked(driver { _, options in .use([options[1]], reason: 7) }) == ["two"])
    }

    @Test("it cannot add a target, nor ask one twice")
    func nothingAdded() {
        let stranger = TargetOption(id: 9, provider: "elsewhere", model: "m")
        let changed = TargetOption(id: 2, provider: "elsewhere", model: "m")
        #expect(asked(driver { _, _ in .use([stranger, changed, changed]) }) == ["three"])
    }

    @Test("with none left the request is refused, and its trace has the policy's own reason")
    func empty() {
        for decision in [TargetDecision.use([], reason: 7), .use([TargetOption(id: -1, provider: "x", model: "y")])] {
            let driver = driver { _, _ in decision }.send()
            #expect(driver.response?.status == 403 && driver.errorCode == "forbidden" && driver.legs.isEmpty)
        }
        let driver = driver { _, _ in .use([], reason: 7) }.send()
        #expect(driver.trace.entries.contains { $0.code == .restricted && $0.values == (3, 0, 7) })
    }

    @Test("it may refuse with words of its own")
    func refuses() {
        let driver = driver { _, _ in .refuse(Refusal(.unavailable, "Not before noon.", retryAfterSeconds: 60)) }.send()
        #expect(driver.response?.status == 503 && driver.bodyText.contains("Not before noon."))
        #expect(driver.field("retry-after") == "60" && driver.legs.isEmpty && driver.problems.isEmpty)
    }

    @Test("content that stays on this device stays there, whatever it says")
    func localOnly() {
        let head = ClientHead.chat { $0.gatewayPrivacy = "local_only" }
        var shown: [TargetOption] = []
        let driver = driver([.sample("one"), .sample("engine", isLocal: true)], head: head) { _, options in
            shown = options
            return .use([
                TargetOption(id: 0, provider: "one", model: "m"), TargetOption(id: 1, provider: "one", model: "m"),
            ])
        }
        driver.send()
        #expect(shown.map(\.provider) == ["engine"] && driver.accounts == ["engine"], "\(driver.report)")
        #expect(driver.env.policyRequests.first?.isLocalOnly == true)
    }
}

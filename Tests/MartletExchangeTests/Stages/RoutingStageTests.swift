import MartletCore
import MartletExchange
import MartletRouting
import Testing

@Suite("What requests say about their route") struct RoutingStageTests {
    /// A model at a cloud and here, an alias of two clouds, and what may be asked.
    private static func setup(_ edit: (inout RoutingPolicy) -> Void = { _ in }) -> Setup {
        var setup = Setup(
            targets: [.sample("one"), .sample("engine", isLocal: true)],
            models: ["spare": [.sample("spare")]]
        )
        func alias(_ name: String, _ strategy: AliasStrategy, isSticky: Bool = false) -> Alias {
            Alias(
                name: ModelName(name),
                index: setup.aliases.count,
                strategy: strategy,
                members: ["one", "two", "three"].map { Alias.Member($0, targets: [.sample($0)]) },
                isSticky: isSticky
            )
        }
        setup.aliases.append(alias("turns", .roundRobin))
        setup.aliases.append(alias("kept", .random, isSticky: true))
        edit(&setup.routing)
        return setup
    }

    /// Whom a request is sent to first.
    private func first(_ driver: Driver) -> String? { driver.env.attempts.first }

    @Test("fields of the head count, and the body wins over them")
    func precedence() {
        let head = { ClientHead.chat { $0.gatewayRoute = "local" } }
        #expect(first(Driver(Self.setup(), head: head()).send()) == "engine")
        #expect(first(Driver(Self.setup(), head: head()).send(Chat.body(extra: ",\"route\":\"cloud\""))) == "one")
        #expect(first(Driver(Self.setup()).send(Chat.body(extra: ",\"route\":\"auto\""))) == "engine")
    }

    @Test(
        "a field that says nothing known is refused",
        arguments: [("fastest", nil), (nil, "yes")] as [(String?, String?)]
    )
    func unknown(quality: String?, smart: String?) {
        let head = ClientHead.chat {
            var fields = ClientHead.RoutingFields()
            (fields.quality, fields.smartRouting) = (quality, smart)
            $0.routing = fields
        }
        let driver = Driver(Self.setup(), head: head).send()
        #expect(driver.response?.status == 400 && driver.errorCode == "invalid_value")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("what requests may not choose is passed over and named, but who stays here stays here")
    func overrides() {
        let setup = Self.setup { $0.allowsOverride = false }
        let extra = ",\"route\":\"auto\",\"fallbacks\":[\"spare\"],\"smart_routing\":true"
        let head = ClientHead.chat {
            $0.routing = ClientHead.RoutingFields()
            $0.routing?.quality = "best"
        }
        let driver = Driver(setup, head: head).send(Chat.body(stream: true, extra: extra)).stream(Chat.stream)
        #expect(first(driver) == "one")
        #expect(driver.field("x-gateway-dropped") == "route, fallbacks, smart_routing, X-Gateway-Quality")
        #expect(driver.problems.isEmpty, "\(driver.report)")
        let local = Driver(setup).send(Chat.body(stream: true, extra: ",\"route\":\"local\"")).stream(Chat.stream)
        #expect(first(local) == "engine" && local.field("x-gateway-dropped") == nil)
        let provider = Driver(setup).send(Chat.body(stream: true, extra: ",\"provider\":\"local\""))
        #expect(first(provider) == "engine")
        let allowed = Driver(Self.setup(), head: .chat()).send(Chat.body(stream: true, extra: extra)).stream(
            Chat.stream
        )
        #expect(first(allowed) == "engine" && allowed.field("x-gateway-dropped") == nil)
    }

    @Test("an alias goes on to its other targets, and says which strategy chose them")
    func failover() {
        let driver = Driver(Self.setup()).send(Chat.body(model: "turns"))
        for _ in 0..<2 { driver.connect().head(404, .json).bytes("{}").end() }
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(Set(driver.env.attempts).isSuperset(of: ["one", "two"]))
        #expect(driver.outcome?.route?.reason == .roundRobin)
        #expect(driver.outcome?.model == "turns")
        #expect(driver.response?.status == 200 && driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a conversation keeps its target, and another caller's equal one has its own")
    func sticky() {
        func target(_ words: String, turns: Int = 1) -> String? {
            let user = "{\"role\":\"user\",\"content\":\"\(words)\"}"
            let more = String(repeating: ",{\"role\":\"assistant\",\"content\":\"so\"},\(user)", count: turns - 1)
            let driver = Driver(Self.setup())
            driver.env.fixedRandom = nil
            return first(driver.send("{\"model\":\"kept\",\"messages\":[\(user)\(more)]}"))
        }
        let words = (0..<30).map { "conversation \($0)" }
        #expect(words.allSatisfy { target($0) == target($0, turns: 4) })
        #expect(Set(words.map { target($0) }) == ["one", "two", "three"])
    }
}

import MartletCore
import MartletGovernance
import Testing

@testable import MartletRouting

@Suite("Packed traces") struct PackedTraceTests {
    private static let own = RecordedTrace.TargetName(provider: "cloud", model: "own")

    private static func around(_ targets: [Target], answering: Int? = 0, aliases: [Alias] = []) -> TraceSurroundings {
        TraceSurroundings(
            targets: targets,
            answering: answering.map { targets[$0] },
            model: "asked",
            aliases: aliases,
            surface: .openAI,
            endpoint: "chat_completions"
        )
    }

    private static func read(_ bytes: [UInt8]) -> RecordedTrace? { RecordedTrace(bytes, model: "asked", target: own) }

    private static func trace(_ steps: [(Int64, DecisionTrace.Code, Int, Int, Int)]) -> DecisionTrace {
        var trace = DecisionTrace()
        for (time, code, first, second, third) in steps {
            trace.now = Instant(nanoseconds: time * 1_000_000)
            trace.add(code, first, second, third)
        }
        return trace
    }

    @Test("a plain success takes 23 bytes of its record")
    func size() {
        let trace = Self.trace([
            (0, .planned, 1, 0, 0), (0, .attempt, 0, 1, 0), (1, .sent, 1, 0, 0), (640, .committed, 0, 200, 0),
        ])
        #expect(trace.packed(beside: Self.around([AliasWorld.target("own")])).count == 23)
    }

    @Test("is read as it was written, with the names that its numbers stand for")
    func roundTrip() throws {
        let targets = ["own", "second", "third"].map { AliasWorld.target($0) }
        let aliases = ["asked", "inner"].enumerated().map { index, name in
            Alias(name: ModelName(name), index: index, strategy: .first, members: [])
        }
        let trace = Self.trace([
            (0, .alias, 1, 3, 2), (0, .alias, 0, 0, 2), (1, .planned, 3, 7, 0), (1, .skipped, 2, 2, 4_000),
            (2, .attempt, 1, 1, 0), (300, .failed, 4, 503, 0), (70_000, .attempt, 0, 2, 0),
            (70_001, .promptCache, .max, .min, -1),
        ])
        let read = try #require(Self.read(trace.packed(beside: Self.around(targets, aliases: aliases))))
        #expect(read.entries.map(\.code) == trace.entries.map(\.code))
        #expect(read.entries.map(\.milliseconds) == trace.entries.map(\.milliseconds))
        #expect(read.entries.map(\.values) == trace.entries.map { [$0.values.0, $0.values.1, $0.values.2] })
        #expect(read.target(0) == Self.own, "what the record says is not repeated")
        #expect(read.target(1) == RecordedTrace.TargetName(provider: "cloud", model: "second"))
        #expect(read.target(2)?.model == "third")
        #expect(read.alias(0) == "asked" && read.alias(1) == "inner")
        #expect(!read.isCut && !read.namesAreMissing && read.isLocal == false)
        #expect(read.surface == .openAI && read.endpoint == "chat_completions")
        #expect(
            read.sentence(of: read.entries[3])
                == "cloud (third) is put back or passed over: circuit open, for 4000 ms more"
        )
    }

    @Test("tells where it was answered, and other endpoints by their names")
    func facts() throws {
        let targets = [AliasWorld.target("own", isLocal: true)]
        var around = Self.around(targets)
        around.surface = .native
        around.endpoint = "audio_speech"
        let local = try #require(Self.read(DecisionTrace().packed(beside: around)))
        #expect(local.isLocal == true && local.surface == .native && local.endpoint == "audio_speech")
        #expect(local.entries.isEmpty)
        let nobody = try #require(Self.read(DecisionTrace().packed(beside: Self.around(targets, answering: nil))))
        #expect(nobody.isLocal == nil)
    }

    @Test("stays within 512 bytes, whatever it tells, says what is missing, and what is left is whole")
    func bounded() throws {
        var random = SeededRandom(state: 7)
        let targets = (0..<70).map { AliasWorld.target(String(repeating: "né\($0)", count: 40)) }
        var cut = 0
        for round in 0..<400 {
            var trace = DecisionTrace()
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                trace.now = Instant(nanoseconds: .random(in: 0...9_000_000_000_000, using: &random))
                let code = try #require(DecisionTrace.Code.allCases.randomElement(using: &random))
                let large = round % 3 == 0 ? 1 << 40 : 80
                func value() -> Int { .random(in: -large...large, using: &random) }
                trace.add(code, value(), value(), value())
            }
            let bytes = trace.packed(beside: Self.around(targets, answering: round % 70))
            #expect(bytes.count <= 512)
            let read = try #require(Self.read(bytes))
            let kept = trace.entries.prefix(read.entries.count)
            #expect(read.entries.map(\.values) == kept.map { [$0.values.0, $0.values.1, $0.values.2] })
            #expect(read.isCut == (trace.isCut || kept.count < trace.entries.count))
            if read.isCut { cut += 1 }
        }
        #expect(cut > 10)
    }

    @Test("no bytes trap its reader; every prefix and everything else is refused or read within its bounds")
    func strange() {
        var random = SeededRandom(state: 11)
        let trace = Self.trace([
            (0, .planned, 2, 0, 0), (0, .attempt, 1, 1, 0), (9, .failed, 4, 503, 1), (9, .attempt, 0, 2, 0),
        ])
        let targets = [AliasWorld.target("own"), AliasWorld.target("other")]
        let whole = trace.packed(beside: Self.around(targets))
        for count in 0..<whole.count {
            #expect(Self.read(Array(whole[..<count])).map { $0.entries.count <= 4 } ?? true)
        }
        #expect(Self.read([]) == nil)
        #expect(Self.read(Array("planned targets=2 reason=named;".utf8)) == nil)
        #expect(Self.read([1] + [UInt8](repeating: 0x80, count: 600)) == nil)
        for round in 0..<20_000 {
            var bytes = whole
            if round % 2 == 0 {
                bytes = (0..<Int.random(in: 1...512, using: &random)).map { _ in .random(in: 0...255, using: &random) }
                bytes[0] = 1
            } else {
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
                }
            }
            guard let read = Self.read(bytes) else { continue }
            #expect(read.entries.count <= bytes.count / 2)
            for entry in read.entries {
                #expect(!read.sentence(of: entry).isEmpty && read.members(of: entry).count <= 5)
            }
            for state in LedgerRecord.State.allCases {
                #expect(read.attempts(of: state, endingAt: 5).count <= read.entries.count)
            }
        }
    }

    @Test("the numbers that the ledger keeps keep their meanings")
    func numbers() {
        #expect(
            DecisionTrace.Code.allCases.prefix(30).map(\.name) == [
                "planned", "queued", "attempt", "failed", "retry", "redialled", "disowned", "unfit", "skipped",
                "prompt_cut",
                "committed", "client_gone", "interrupted", "prompt_cache", "reported_cost", "alias", "ranked",
                "speed_choice", "auto_rule", "override_ignored", "hedged", "outrun", "stitched",
                "not_stitched", "sent", "restricted", "quota_refused", "quota_failed", "priced", "fallback_away",
            ]
        )
        for (place, code) in DecisionTrace.Code.allCases.enumerated() {
            #expect(Int(code.rawValue) == place && place < 64)
        }
        #expect(
            RouteReason.allCases.prefix(12).map(\.rawValue) == [
                "named", "default", "route", "provider", "privacy", "passthrough", "first", "random", "round_robin",
                "cheapest", "fastest", "auto",
            ]
        )
        #expect(
            AttemptFailure.Kind.allCases.prefix(16).map { "\($0)" } == [
                "connect", "connectTimeout", "reset", "timeout", "serverError", "rateLimited", "quotaExhausted", "auth",
                "notFound", "contextLength", "contentFilter", "clientError", "refused", "badResponse", "redirect",
                "forbidden",
            ]
        )
        #expect(
            AliasStrategy.allCases.prefix(6).map(\.name) == [
                "first", "random", "round_robin", "cheapest", "fastest", "auto",
            ]
        )
        #expect(
            TargetStanding.Obstacle.allCases.prefix(5).map { "\($0)" } == [
                "coolingDown", "credentialRefused", "circuitOpen", "circuitHalfOpen", "outOfQuota",
            ]
        )
        #expect(
            PackedTrace.endpoints.prefix(12) == [
                "chat_completions", "responses", "messages", "completions", "embeddings", "ollama_chat",
                "ollama_generate", "chat", "count_tokens", "fim_completions", "ollama_embed", "ollama_embeddings",
            ]
        )
        #expect([Surface.openAI, .anthropic, .native, .ollama].map(\.rawValue) == [0, 1, 2, 3])
    }

    @Test("a code of a later version is told by its number")
    func later() throws {
        let read = try #require(Self.read([1, 0, 0, 1, 1, 63 | 2 << 6, 9, 8, 3]))
        #expect(read.sentence(of: read.entries[0]) == "code_63 4 -2 0" && read.entries[0].milliseconds == 9)
    }

    @Test("every kind of entry has a sentence, and none is mistaken for another")
    func sentences() throws {
        let texts = try DecisionTrace.Code.allCases.map { code in
            let bytes = Self.trace([(0, code, 1, 2, 3)]).packed(beside: Self.around([AliasWorld.target("own")]))
            let read = try #require(Self.read(bytes))
            return read.sentence(of: read.entries[0])
        }
        #expect(Set(texts).count == texts.count)
    }

    @Test("attempts have their times and causes")
    func attempts() throws {
        let targets = [AliasWorld.target("own"), AliasWorld.target("other")]
        func attempts(
            _ steps: [(Int64, DecisionTrace.Code, Int, Int, Int)],
            _ state: LedgerRecord.State = .settled
        ) throws -> [RecordedTrace.Attempt] {
            let bytes = Self.trace(steps).packed(beside: Self.around(targets))
            return try #require(Self.read(bytes)).attempts(of: state, endingAt: 900)
        }
        let failover = try attempts([
            (1, .attempt, 1, 1, 0), (2, .sent, 0, 1, 0), (30, .failed, 4, 503, 1), (30, .retry, 5, 0, 0),
            (35, .attempt, 1, 2, 0), (40, .failed, 0, 0, 1), (40, .attempt, 0, 3, 0), (41, .sent, 1, 0, 0),
            (600, .committed, 0, 200, 0),
        ])
        #expect(failover.map(\.outcome) == ["server_error", "connect", "answered"])
        #expect(failover.map(\.began) == [1, 35, 40] && failover.map(\.sent) == [2, nil, 41])
        #expect(failover.map(\.answered) == [nil, nil, 600] && failover.map(\.ended) == [30, 40, 900])
        #expect(failover.map(\.status) == [503, nil, 200] && failover.map(\.target) == [1, 1, 0])

        let two: [(Int64, DecisionTrace.Code, Int, Int, Int)] = [
            (0, .attempt, 0, 1, 0), (500, .attempt, 1, 2, 0), (600, .committed, 1, 200, 0),
        ]
        #expect(try attempts(two).map(\.outcome) == ["cancelled", "answered"])
        #expect(try attempts(two, .interrupted).map(\.outcome) == ["cancelled", "interrupted"])
        #expect(try attempts(two, .cancelled).map(\.outcome) == ["cancelled", "cancelled"])
        #expect(try attempts(two, .intent).map(\.ended) == [nil, nil])
        let first = try attempts([(0, .attempt, 0, 1, 0), (5, .attempt, 1, 2, 0), (9, .failed, 2, 0, 0)], .failed)
        #expect(first.map(\.outcome) == ["reset", "failed"], "its target says which of two it was")
        #expect(try attempts(two + [(600, .outrun, 0, 0, 0)]).map(\.ended) == [600, 900])
        let stitched = try attempts([
            (0, .attempt, 0, 1, 0), (9, .committed, 0, 200, 0), (50, .failed, 2, 0, 0), (50, .stitched, 1, 99, 0),
            (51, .attempt, 1, 2, 0),
        ])
        #expect(stitched.map(\.outcome) == ["reset", "answered"] && stitched.map(\.ended) == [50, 900])

        let again = try attempts([
            (0, .attempt, 0, 1, 0), (9, .retry, 0, 0, 0), (9, .attempt, 0, 2, 0), (20, .disowned, 0, 0, 0),
            (20, .attempt, 0, 3, 0),
        ])
        #expect(again.map(\.outcome) == ["answer_refused", "reasoning_refused", "answered"])
    }
}

/// A repeatable random source (SplitMix64; Steele, Lea and Flood, 2014).
private struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

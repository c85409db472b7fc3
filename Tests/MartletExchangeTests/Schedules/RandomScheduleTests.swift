import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletExchange

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Random schedules") struct RandomScheduleTests {
    /// Histories of a run; many times more while `MARTLET_SOAK` is set.
    private static var count: UInt64 { unsafe getenv("MARTLET_SOAK") == nil ? 6_000 : 120_000 }

    @Test("every order of events ends with one settle, and gives back everything that was taken")
    func histories() async {
        var endings: [String: Int] = [:]
        var failures = 0
        var twoLegs = 0
        var stitched = 0
        var noted: [DecisionTrace.Code: Int] = [:]
        for seed in 1...Self.count where failures < 5 {
            // Tests that wait for something have only as many threads as there are cores.
            if seed % 16 == 0 { await Task.yield() }
            let world = World(seed: seed)
            let problems = world.run()
            if !problems.isEmpty {
                failures += 1
                Issue.record("seed \(seed): \(problems.joined(separator: "; "))\n\(world.driver.report)")
            }
            let state = world.driver.outcome?.record?.state.name ?? "refused"
            endings[state, default: 0] += 1
            if world.hadTwoLegs { twoLegs += 1 }
            if world.driver.trace.entries.contains(where: { $0.code == .stitched }) { stitched += 1 }
            for code in Set(world.driver.trace.entries.map(\.code)) { noted[code, default: 0] += 1 }
        }
        // The schedules are worth something only if they reach every kind of ending, and two legs at once.
        for state in ["refused", "settled", "cancelled", "interrupted", "failed"] {
            #expect(endings[state, default: 0] > 100, "\(endings)")
        }
        #expect(twoLegs > 100)
        #expect(stitched > 30)
        for code in [DecisionTrace.Code.quotaRefused, .quotaFailed, .priced, .restricted] {
            #expect(noted[code, default: 0] > 50, "\(noted)")
        }
    }

    @Test("events and the environment's answers replay an exchange to the same actions")
    func replay() async {
        for seed in UInt64(1)...300 {
            if seed % 16 == 0 { await Task.yield() }
            let tape = Tape()
            let world = World(seed: seed, tape: tape)
            _ = world.run()
            let mismatch = Self.replay(tape, world.driver)
            #expect(mismatch == nil, "seed \(seed): \(mismatch ?? "")")
        }
    }

    /// Plays a tape to a second exchange; tells where it did something else.
    private static func replay(_ tape: Tape, _ driver: Driver) -> String? {
        guard let first = tape.frames.first else { return "nothing was recorded" }
        let cursor = ReplayEnvironment.Cursor()
        cursor.answers = tape.opening[...]
        var env = ReplayEnvironment(
            now: driver.env.start,
            wallMilliseconds: first.wall,
            snapshot: driver.snapshot,
            cursor: cursor
        )
        var exchange = Exchange(head: driver.exchange.head, &env)
        var list = ActionList()
        for (index, frame) in tape.frames.enumerated() {
            env.now = frame.now
            env.wallMilliseconds = frame.wall
            cursor.answers = frame.answers[...]
            list.removeAll()
            exchange.handle(frame.event, &env, into: &list)
            let actions = list.items.map { $0.text(since: driver.env.start) }
            if actions != frame.actions {
                return "frame \(index), \(frame.event.text): \(actions) for \(frame.actions)"
            }
            if cursor.mismatches > 0 || !cursor.answers.isEmpty { return "frame \(index) asked other questions" }
        }
        return exchange.isDone ? nil : "not done"
    }
}

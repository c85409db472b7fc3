import MartletCore
import Synchronization
import Testing

@testable import MartletServer

@Suite("Histories of slots") struct GateHistoryTests {
    /// What a gate should do, in the plainest words: who is in, who waits, in order.
    private struct Model {
        var inFlight = 0
        var waiting: [Int] = []

        func isFree(_ limit: Int) -> Bool { limit <= 0 || (inFlight < limit && waiting.isEmpty) }
    }

    /// Whom the gate has let in from its waiting list, in order.
    private final class Grants: Sendable {
        private let list = Mutex<[Int]>([])
        func add(_ name: Int) { list.withLock { $0.append(name) } }
        func takeAll() -> [Int] {
            list.withLock { list in
                defer { list = [] }
                return list
            }
        }
    }

    /// Lives a history on a gate and the model.
    ///
    /// - Returns: What differed; `nil` when nothing did.
    private func difference(seed: UInt64, steps: Int) -> String? {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let gate = Gate()
        let grants = Grants()
        var model = Model()
        var places: [Int: UInt64] = [:]
        var limit = 1 + below(4)
        for step in 0..<steps {
            // A reload may change the limit while requests run and wait.
            if below(40) == 0 { limit = below(5) }
            let size = below(10) == 0 ? 0 : 3
            switch below(10) {
            case 0..<3:
                let isIn = gate.take(limit: limit)
                guard isIn == model.isFree(limit) else { return "take at \(step)" }
                if isIn { model.inFlight += 1 }
            case 3..<6:
                switch gate.wait(limit: limit, size: size, grant: { grants.add(step) }) {
                case .granted:
                    guard model.isFree(limit) else { return "a place taken from others at \(step)" }
                    model.inFlight += 1
                case .queued(let place):
                    guard !model.isFree(limit), model.waiting.count < size else { return "a needless wait at \(step)" }
                    model.waiting.append(step)
                    places[step] = place
                case .refused:
                    guard !model.isFree(limit), model.waiting.count >= size else { return "refused at \(step)" }
                }
            case 6..<7 where !places.isEmpty:
                // One that waits leaves, or one that was let in a moment ago tries to.
                let names = places.keys.sorted()
                let name = names[below(names.count)]
                guard let place = places.removeValue(forKey: name) else { continue }
                let waits = model.waiting.contains(name)
                guard gate.leave(place) == waits else { return "leave at \(step)" }
                model.waiting.removeAll { $0 == name }
            default:
                guard model.inFlight > 0 else { continue }
                gate.release()
                let next = model.waiting.isEmpty ? [] : [model.waiting.removeFirst()]
                if next.isEmpty { model.inFlight -= 1 }
                guard grants.takeAll() == next else { return "handed to another at \(step)" }
            }
            guard gate.inFlight == model.inFlight else { return "\(gate.inFlight) in at \(step)" }
            guard gate.isIdle == (model.inFlight == 0 && model.waiting.isEmpty) else { return "idle at \(step)" }
            guard grants.takeAll().isEmpty else { return "somebody let in at \(step)" }
        }
        return nil
    }

    @Test("under overload the newest goes first, since the oldest has mostly given up")
    func newestFirst() {
        let start = Instant(nanoseconds: 0)
        for (prefersNewest, expected) in [(true, [1, 3, 2]), (false, [1, 2, 3])] {
            let gate = Gate(prefersNewest: prefersNewest)
            let grants = Grants()
            _ = gate.take(limit: 1)
            for name in 1...3 {
                let now = start + .milliseconds(name)
                guard case .queued = gate.wait(limit: 1, size: 9, now: now, grant: { grants.add(name) }) else { return }
            }
            gate.release(now: start + .milliseconds(101))
            gate.release(now: start + .milliseconds(103))
            gate.release(now: start + .milliseconds(104))
            #expect(grants.takeAll() == expected)
        }
    }

    @Test("slots go to who asks and waits in order, through every history")
    func histories() async {
        for seed in UInt64(1)...3_000 {
            // Tests that wait for something have only as many threads as there are cores.
            if seed % 16 == 0 { await Task.yield() }
            let difference = difference(seed: seed, steps: 80)
            #expect(difference == nil, "seed \(seed): \(difference ?? "")")
            if difference != nil { return }
        }
    }
}

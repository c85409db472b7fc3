import MartletCore

@testable import MartletRouting

/// What a circuit breaker must say, worked out slowly: from the list of all that has happened, from the beginning,
/// every time it is asked.
///
/// Written from the rules alone; times are whole milliseconds and there is no jitter.
struct CircuitBreakerModel {
    enum Event {
        /// An attempt was let in; its number is its place in the list.
        case admitted
        case succeeded(Int)
        case failed(Int)
        case abandoned(Int)
        case quota(Int)
        case streams(Int)
    }

    enum Verdict: Equatable {
        case closed
        case open(until: Int)
        case mayTry
        case isTried
    }

    /// Everything so far, with its time.
    var events: [(time: Int, event: Event)] = []

    /// One life of the breaker as a story of phases.
    private enum Phase {
        /// Since a place in the list.
        case closed(since: Int)
        case open(until: Int, level: Int)
        case halfOpen(level: Int, successes: Int)
    }

    /// What holds at a time.
    func verdict(at time: Int) -> Verdict {
        let (phase, roles, over) = story()
        switch due(phase, time) {
        case .closed: return .closed
        case .open(let until, _): return .open(until: until)
        case .halfOpen:
            // The place belongs to the newest try since the last change of phase, as long as it runs and its lease lasts.
            let tries = roles.filter { $0.value.isTry && $0.value.chapter == over.chapter }
            guard let holder = tries.max(by: { $0.key < $1.key }), !over.ended.contains(holder.key),
                time < holder.value.time + 660_000
            else { return .mayTry }
            return .isTried
        }
    }

    private struct Role {
        var isTry: Bool
        /// How many openings there had been.
        var openings: Int
        /// How many beginnings of half-open phases there had been.
        var chapter: Int
        var time: Int
    }

    private func due(_ phase: Phase, _ time: Int) -> Phase {
        if case .open(let until, let level) = phase, time >= until { return .halfOpen(level: level, successes: 0) }
        return phase
    }

    private func story() -> (Phase, [Int: Role], (ended: Set<Int>, chapter: Int)) {
        var phase = Phase.closed(since: 0)
        var roles: [Int: Role] = [:]
        var ended: Set<Int> = []
        var openings = 0
        var chapter = 0
        /// Results since the last closing, whose place is the chapter's.
        var results: [(time: Int, isFailure: Bool)] = []
        var chapterOfResults = 0
        /// Tries that answered and go on.
        var streaming: [Int: Int] = [:]

        func settle(_ time: Int) {
            if case .open = phase, case .halfOpen = due(phase, time) {
                phase = due(phase, time)
                chapter += 1
            }
        }
        func open(_ time: Int, _ pause: Int, _ level: Int) {
            phase = .open(until: time + pause, level: level)
            openings += 1
            chapter += 1
        }
        func trySucceeded() {
            switch phase {
            case .open(_, let level):
                chapter += 1
                phase = .halfOpen(level: level, successes: 1)
            case .halfOpen(let level, let successes): phase = .halfOpen(level: level, successes: successes + 1)
            case .closed: break
            }
        }

        for (place, entry) in events.enumerated() {
            let time = entry.time
            switch entry.event {
            case .admitted:
                settle(time)
                if case .closed = phase {
                    roles[place] = Role(isTry: false, openings: openings, chapter: chapter, time: time)
                } else {
                    roles[place] = Role(isTry: true, openings: openings, chapter: chapter, time: time)
                }
            case .abandoned(let number):
                ended.insert(number)
            case .quota(let number):
                ended.insert(number)
                var level = 0
                if case .open(let until, let known) = phase {
                    if until >= time + 300_000 { continue }
                    level = known
                }
                if case .halfOpen(let known, _) = phase { level = known }
                open(time, 300_000, level)
            case .streams(let number):
                guard roles[number]?.isTry == true else { continue }
                ended.insert(number)
                if case .closed = phase {} else { trySucceeded() }
                if case .halfOpen(_, let successes) = phase, successes >= 2 { phase = .closed(since: place) }
                streaming[number] = openings
            case .succeeded(let number):
                ended.insert(number)
                guard streaming[number] == nil, let role = roles[number], role.isTry else { break }
                if case .closed = phase { break }
                trySucceeded()
                if case .halfOpen(_, let successes) = phase, successes >= 2 { phase = .closed(since: place) }
                continue
            case .failed(let number):
                ended.insert(number)
                guard let role = roles[number], streaming[number] ?? role.openings == openings else { continue }
                if case .halfOpen(let level, _) = phase {
                    open(time, min(20_000, 5_000 << min(level + 1, 10)), level + 1)
                    continue
                }
            }
            // While closed, every result that is about the time since the last opening counts, if it came since the closing.
            guard case .closed(let since) = phase, place > since || since == 0 else { continue }
            if since != chapterOfResults { (results, chapterOfResults) = ([], since) }
            let result: (number: Int, isFailure: Bool)? =
                switch entry.event {
                case .succeeded(let number): (number, false)
                case .failed(let number): (number, true)
                default: nil
                }
            guard let result, let role = roles[result.number],
                streaming[result.number] ?? role.openings == openings
            else { continue }
            results.append((time, result.isFailure))
            let row = results.reversed().prefix { $0.isFailure }.count
            // Slots of three seconds; the current one and nine before it.
            let recent = results.filter { $0.time / 3_000 > time / 3_000 - 10 }
            let failures = recent.count { $0.isFailure }
            if row >= 5 || (recent.count >= 20 && failures > 0 && failures * 2 >= recent.count) {
                open(time, 5_000, 0)
                results = []
            }
        }
        return (phase, roles, (ended, chapter))
    }
}

public import MartletGovernance

extension RecordedTrace {
    /// One upstream request with its times, in milliseconds since the request was received.
    public struct Attempt: Sendable, Hashable {
        /// Its number, from 1 on.
        public var number: Int
        /// The target's index in the plan.
        public var target: Int
        /// When it began: the target was chosen and had a slot.
        public var began: UInt32
        /// When its request went out on a connection; `nil` when it never did.
        public var sent: UInt32?
        /// When its answer began for the caller: at the first content of a stream, or with the whole answer.
        public var answered: UInt32?
        /// When it was over; `nil` while it runs.
        public var ended: UInt32?
        /// What became of it, such as `answered` or the kind of failure.
        ///
        /// Else `cancelled`, `outrun`, `interrupted`, `answer_refused`, `reasoning_refused`, `failed`, or `running`.
        public var outcome = "running"
        /// The upstream's status, when the trace tells it.
        public var status: Int?
    }

    /// The attempts that the trace tells of.
    ///
    /// - Parameters:
    ///   - state: How the request ended.
    ///   - end: When it ended, in milliseconds since it was received.
    public func attempts(of state: LedgerRecord.State, endingAt end: UInt32) -> [Attempt] {
        var all: [Attempt] = []
        /// Ends the attempt at a target that began last and still runs; without a target any.
        func close(_ target: Int32?, _ outcome: String, _ time: UInt32, status: Int32 = 0) {
            let index = all.lastIndex { $0.ended == nil && (target == nil || $0.target == Int(target ?? 0)) }
            guard let index else { return }
            all[index].ended = time
            all[index].outcome = outcome
            if status != 0 { all[index].status = Int(status) }
        }
        for entry in entries {
            let time = entry.milliseconds
            switch entry.code {
            case .attempt:
                all.append(Attempt(number: Int(entry.values[1]), target: Int(entry.values[0]), began: time))
            case .sent:
                let target = Int(entry.values[1])
                guard let index = all.lastIndex(where: { $0.ended == nil && $0.target == target }) else { break }
                // A stale connection may have been replaced by another one.
                all[index].sent = all[index].sent ?? time
            case .failed:
                let kinds = AttemptFailure.Kind.allCases
                let kind = Int(entry.values[0])
                let name = kinds.indices.contains(kind) ? traceWord("\(kinds[kind])") : "failed"
                close(entry.values[2], name, time, status: entry.values[1])
            case .disowned: close(entry.values[0], "reasoning_refused", time)
            case .outrun: close(entry.values[0], "outrun", time)
            // An answer of the wrong shape; a failure has ended its attempt already.
            case .retry: close(nil, "answer_refused", time)
            case .stitched:
                for index in all.indices.dropLast() where all[index].ended == nil {
                    (all[index].ended, all[index].outcome) = (time, "interrupted")
                }
                if let last = all.indices.last { all[last].answered = time }
            case .committed:
                let target = Int(entry.values[0])
                let running = all.indices.filter { all[$0].ended == nil }
                guard let index = running.last(where: { all[$0].target == target }) ?? running.last else { break }
                all[index].answered = time
                if entry.values[1] != 0 { all[index].status = Int(entry.values[1]) }
            default: break
            }
        }
        guard state != .intent else { return all }
        let hasAnswer = all.contains { $0.answered != nil }
        let last = all.lastIndex { $0.ended == nil }
        for index in all.indices where all[index].ended == nil {
            all[index].ended = end
            let isAnswer = hasAnswer ? all[index].answered != nil : index == last
            switch state {
            case .settled, .intent: all[index].outcome = isAnswer ? "answered" : "cancelled"
            case .cancelled: all[index].outcome = "cancelled"
            case .interrupted: all[index].outcome = isAnswer ? "interrupted" : "cancelled"
            case .failed: all[index].outcome = isAnswer ? "failed" : "cancelled"
            }
        }
        return all
    }
}

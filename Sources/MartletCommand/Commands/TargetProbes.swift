import MartletCore
import MartletRouting
import MartletWire

/// Asks every target of a running gateway one small question.
struct TargetProbes {
    /// A model, and the account to ask for it where there are several.
    struct Target: Hashable {
        var model: String
        var provider: String?
    }

    /// What became of one question.
    struct Result {
        var target: Target
        var report: TestReport?
        var failure: CommandFailure?
    }

    /// Questions that are asked at once.
    private static let atOnce = 4

    let client: GatewayClient
    let prompt: String

    /// Lists what the gateway offers, except `auto` and other aliases, which stand for others.
    ///
    /// - Parameter configured: The configuration here, which knows the accounts of a model that has several.
    /// - Throws: `CommandFailure` when the gateway does not say what it offers.
    func targets(configured: Snapshot?) async throws -> [Target] {
        let reply = try await client.get(client.url.endpoint("/models"))
        if let failure = reply.failure { throw failure }
        guard let list = ModelList(reply.body) else {
            throw CommandFailure(.failed, "the answer is no list of models; is this a gateway?")
        }
        return list.models.filter { $0.id != "auto" && !$0.isAlias }.flatMap { model -> [Target] in
            let accounts = configured?.models[ModelName(model.id)]?.targets.map(\.account.rawValue) ?? []
            guard accounts.count > 1, accounts.contains(model.owner) else { return [Target(model: model.id)] }
            return accounts.map { Target(model: model.id, provider: $0) }
        }
    }

    /// Asks them, some at the same time; the results stand in the targets' order.
    func results(of targets: [Target]) async -> [Result] {
        await withTaskGroup(of: (Int, Result).self) { group in
            var rest = Array(targets.enumerated())[...]
            func next() {
                guard let (index, target) = rest.popFirst() else { return }
                group.addTask { (index, await result(of: target)) }
            }
            for _ in 0..<Self.atOnce { next() }
            var results: [Int: Result] = [:]
            while let (index, result) = await group.next() {
                results[index] = result
                next()
            }
            return targets.indices.compactMap { results[$0] }
        }
    }

    private func result(of target: Target) async -> Result {
        let question = ChatQuestion(model: target.model, prompt: prompt, provider: target.provider)
        let start = ContinuousClock.now
        do {
            let reply = try await client.post(client.url.endpoint("/chat/completions"), json: question.json)
            if let failure = reply.failure { throw failure }
            let latency = ContinuousClock.now - start
            let answer = try ChatAnswer(reply.body)
            let report = TestReport(model: target.model, answer: answer, facts: reply.facts, latency: latency)
            return Result(target: target, report: report)
        } catch let failure as CommandFailure {
            return Result(target: target, failure: failure)
        } catch {
            return Result(target: target, failure: CommandFailure(.failed, "the answer cannot be read"))
        }
    }

    /// A row for each result.
    static func table(_ results: [Result]) -> Table {
        Table(
            header: ["MODEL", "PROVIDER", "RESULT", "LATENCY", "COST", "WHY NOT"],
            rows: results.map { result in
                [
                    result.target.model, result.report?.facts.provider ?? result.target.provider ?? "-",
                    result.failure == nil ? "ok" : "failed", result.report.map { "\($0.milliseconds) ms" } ?? "-",
                    result.report?.facts.cost.map { "$\($0)" } ?? "-", result.failure?.message ?? "-",
                ]
            }
        )
    }

    /// The results as a document.
    static func json(_ results: [Result]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("object", "target_tests")
            writer.member("status", results.contains { $0.failure != nil } ? "failed" : "ok")
            writer.key("data")
            writer.array { writer in
                for result in results {
                    write(result, to: &writer)
                }
            }
        }
        return writer.bytes
    }

    private static func write(_ result: Result, to writer: inout JSONWriter) {
        if let report = result.report { return writer.raw(report.json) }
        writer.object { writer in
            writer.member("model", result.target.model)
            writer.member("provider", result.target.provider)
            writer.key("error")
            writer.object { writer in
                writer.member("message", result.failure?.message)
                writer.member("code", result.failure?.problem?.code ?? result.failure?.status.code)
            }
            writer.member("request_id", result.failure?.problem?.requestID)
        }
    }
}

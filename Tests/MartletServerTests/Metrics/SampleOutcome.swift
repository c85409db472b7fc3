import MartletCore
import MartletGovernance
import MartletRouting

@testable import MartletExchange
@testable import MartletServer

/// An outcome as settle makes it, with the properties a test cares about.
func sampleOutcome(
    provider: String = "openai",
    model: String = "gpt-5-mini",
    status: Int = 200,
    isInference: Bool = true,
    attempts: [String] = ["ok"],
    duration: Duration = .milliseconds(200),
    overhead: Duration? = .microseconds(40),
    usage: Usage? = nil,
    cost: NanoUSD? = nil,
    record: LedgerRecord? = nil
) -> Outcome {
    Outcome(
        record: record,
        endpoint: "chat_completions",
        status: status,
        provider: provider,
        model: model,
        isInference: isInference,
        attempts: attempts.map { .init(provider: provider, outcome: $0) },
        route: .init(route: "cloud", reason: .named),
        duration: duration,
        firstToken: .milliseconds(50),
        overhead: .init(attempt: overhead, relay: nil),
        usage: usage,
        cost: cost
    )
}

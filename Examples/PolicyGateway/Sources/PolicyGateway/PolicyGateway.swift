import Foundation
import Martlet

/// A gateway with a daily quota for each key, a rule that requests stay in Europe, and a line for each cost.
///
/// Everything else is configured as for `martlet serve`: by `martlet.toml` or the files that `MARTLET_CONFIG` names.
@main
struct PolicyGateway {
    static func main() async {
        let dollars = ProcessInfo.processInfo.environment["DAILY_QUOTA_USD"].flatMap(Double.init) ?? 5
        let quota = DailyQuota(limit: Int64(max(0, min(dollars, 1_000_000)) * 1_000_000_000))

        var gateway = Gateway()
        gateway.quota = quota
        gateway.targetPolicies = [EuropeOnly()]
        gateway.observers = [quota, CostPrinter()]
        do {
            try await gateway.run()
        } catch {
            FileHandle.standardError.write(Data("PolicyGateway: \(error)\n".utf8))
            exit(1)
        }
    }
}

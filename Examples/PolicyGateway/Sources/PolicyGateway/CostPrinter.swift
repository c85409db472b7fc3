import Foundation
import Martlet

/// Prints a line for each request that has ended.
struct CostPrinter: SettlementObserver {
    func settled(_ settlement: Settlement) async {
        let cost = settlement.cost.map { String(format: "$%.9f", Double($0) / 1e9) } ?? "no price"
        let provider = settlement.provider ?? "nobody"
        let line = "\(settlement.state.rawValue) \(settlement.id) key=\(settlement.key) model=\(settlement.model) "
        // Not `print`, which keeps lines back when it writes to a pipe.
        FileHandle.standardOutput.write(Data((line + "provider=\(provider) cost=\(cost)\n").utf8))
    }
}

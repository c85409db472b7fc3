internal import MartletCore
internal import MartletProviders
internal import MartletRouting

extension AccountReader {
    /// Reads which of the models behind an endpoint answers, which becomes a field of requests.
    ///
    /// Source: SageMaker Runtime API Reference, InvokeEndpoint, `InferenceComponentName` (November 2026).
    mutating func readComponent(_ table: ConfigTable, into plan: inout AccountPlan) -> Bool {
        guard let node = table["inference_component"], let name = node.string else { return true }
        guard plan.descriptor.dialect == .sageMakerChat else {
            error(node.origin, "accounts of type \(plan.descriptor.kind) have no inference_component")
            return false
        }
        let isFine =
            (1...63).contains(name.utf8.count) && !name.hasPrefix("-")
            && name.utf8.allSatisfy { $0 == 0x2D || $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 }
        let field = "x-amzn-sagemaker-inference-component"
        guard isFine, !plan.headers.contains(where: { $0.name == field }) else {
            let words = isFine ? "is in its headers, too" : "may hold only letters, digits and -"
            error(node.origin, "inference_component of account \(plan.name) \(words)")
            return false
        }
        plan.headers.append(HeaderField(name: field, value: name))
        plan.component = name
        return true
    }
}

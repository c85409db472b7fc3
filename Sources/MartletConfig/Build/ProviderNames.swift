internal import MartletCore
internal import MartletProviders
internal import MartletRouting

/// What the part before `::` or `/` of a model's name can be, beside the names of accounts that are on.
struct ProviderNames {
    /// The account each type's names stand for: the first one of that type that is on.
    var accountsByType: [AccountName: AccountName] = [:]
    /// Names of types without an account that is on, and of accounts that are off.
    var offProviders: Set<AccountName> = []

    init(_ catalog: ProviderCatalog, on plans: [AccountPlan], off: [String]) {
        for plan in plans {
            for name in [plan.descriptor.kind.rawValue] + plan.descriptor.shortNames
            where accountsByType[AccountName(name)] == nil {
                accountsByType[AccountName(name)] = plan.name
            }
        }
        let on = Set(plans.map(\.name))
        for name in catalog.typeNames + off {
            let name = AccountName(name)
            if accountsByType[name] == nil, !on.contains(name) { offProviders.insert(name) }
        }
    }
}

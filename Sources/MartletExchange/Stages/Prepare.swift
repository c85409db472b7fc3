import MartletCore

extension Exchange {
    /// Stage *prepare*: what is the same for every target.
    ///
    /// Sessions, prompts, skills and token reduction edit the body here; it only reads, and nothing leaves the device.
    mutating func prepare(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        stage = .prepare
        makePlan(&env, &actions)
    }
}

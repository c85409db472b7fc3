import MartletCore

extension Exchange {
    /// Stage *lookup*: a stored answer goes on to *relay*; none is stored while the cache is off.
    ///
    /// It stands after *plan*, because a key that may not use a model must not get its stored answer.
    mutating func lookup(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        stage = .lookup
        answer.cache = .off
        admit(&env, &actions)
    }
}

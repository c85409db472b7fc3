/// Which members and items of one value some schema looked at, for the keywords about the rest.
struct SchemaEvaluated {
    /// Whether anybody asks.
    let isTracked: Bool
    /// Places of members.
    private(set) var members: Set<Int> = []
    /// All items below this one, and those in the set.
    private(set) var itemsBelow = 0
    private(set) var items: Set<Int> = []

    init(isTracked: Bool) { self.isTracked = isTracked }

    mutating func add(member place: Int) {
        if isTracked { members.insert(place) }
    }

    mutating func add(itemsBelow count: Int) {
        if isTracked { itemsBelow = max(itemsBelow, count) }
    }

    mutating func add(item index: Int) {
        if isTracked { items.insert(index) }
    }

    mutating func add(_ other: SchemaEvaluated) {
        guard isTracked else { return }
        members.formUnion(other.members)
        itemsBelow = max(itemsBelow, other.itemsBelow)
        items.formUnion(other.items)
    }

    func contains(item index: Int) -> Bool { index < itemsBelow || items.contains(index) }
}

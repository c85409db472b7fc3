/// A value of a document in a form whose equality is that of JSON Schema: numbers by value, objects in any order.
enum SchemaValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(SchemaNumber)
    /// UTF-8.
    case string([UInt8])
    case array([SchemaValue])
    case object(SchemaObject)

    /// What it costs to look at all of the value.
    var weight: Int {
        switch self {
        case .null, .bool: 1
        case .number(let number): 1 + number.digits.count / 16
        case .string(let text): 1 + text.count / 16
        case .array(let values): values.reduce(1) { $0 + $1.weight }
        case .object(let object): object.values.reduce(1 + object.count) { $0 + $1.weight }
        }
    }

    /// The deepest nesting, which bounds the stack here and wherever values are compared.
    private static let maxDepth = 256

    /// Reads a value.
    ///
    /// - Parameter budget: How many values may be made; `nil` is returned when they are not enough.
    init?(_ view: JSONView, budget: inout Int) { self.init(view, budget: &budget, depth: 0) }

    private init?(_ view: JSONView, budget: inout Int, depth: Int) {
        budget -= 1
        guard budget >= 0, depth < Self.maxDepth else { return nil }
        switch view.kind {
        case .null: self = .null
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        case .number:
            guard let number = SchemaNumber(view) else { return nil }
            self = .number(number)
        case .string: self = .string(view.decodedText)
        case .array:
            var values: [SchemaValue] = []
            for element in view.elements {
                guard let value = SchemaValue(element, budget: &budget, depth: depth + 1) else { return nil }
                values.append(value)
            }
            self = .array(values)
        case .object:
            var object = SchemaObject()
            for member in view.members {
                guard let value = SchemaValue(member.value, budget: &budget, depth: depth + 1) else { return nil }
                object.append(member.key.decodedText, value)
            }
            self = .object(object)
        }
    }
}

/// An object's members in their order, with an index by name.
struct SchemaObject: Hashable, Sendable {
    private(set) var names: [[UInt8]] = []
    private(set) var values: [SchemaValue] = []
    private var places: [[UInt8]: Int] = [:]

    var count: Int { names.count }

    /// Adds a member; the first of two with one name counts, as a scanner lets no second one through.
    mutating func append(_ name: [UInt8], _ value: SchemaValue) {
        guard places[name] == nil else { return }
        places[name] = names.count
        names.append(name)
        values.append(value)
    }

    /// Where a member is.
    func place(of name: [UInt8]) -> Int? { places[name] }

    static func == (left: Self, right: Self) -> Bool {
        guard left.count == right.count else { return false }
        for (name, value) in zip(left.names, left.values) {
            guard let place = right.places[name], right.values[place] == value else { return false }
        }
        return true
    }

    func hash(into hasher: inout Hasher) {
        // Whatever the order: each member is hashed alone.
        var mixed = 0
        for (name, value) in zip(names, values) {
            var member = hasher
            member.combine(name)
            member.combine(value)
            mixed ^= member.finalize()
        }
        hasher.combine(mixed)
    }
}

extension JSONView {
    /// The bytes of a string, decoded; empty for other kinds.
    var decodedText: [UInt8] {
        var text: [UInt8] = []
        appendDecodedString(to: &text)
        return text
    }
}

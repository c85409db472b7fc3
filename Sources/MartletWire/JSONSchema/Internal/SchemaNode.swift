/// One compiled schema: what a value must satisfy, all of it.
struct SchemaNode: Sendable {
    /// `false` for the schema that nothing follows.
    var accepts = true
    /// In the order in which they are applied; those about what nothing else evaluated come last.
    var rules: [SchemaRule] = []
}

/// One demand; schemas are places in the list of nodes.
enum SchemaRule: Sendable {
    case reference(Int)
    case types(SchemaTypes)
    case oneValue(SchemaValue)
    case values(Set<SchemaValue>)
    case minimum(SchemaNumber, isExclusive: Bool)
    case maximum(SchemaNumber, isExclusive: Bool)
    case multipleOf(SchemaNumber)
    case length(min: Int, max: Int)
    case pattern(JSONPattern)
    case format(SchemaFormat)
    case itemCount(min: Int, max: Int)
    case uniqueItems
    case items(prefix: [Int], rest: Int?)
    case contains(Int, min: Int, max: Int, evaluates: Bool)
    case memberCount(min: Int, max: Int)
    case required([[UInt8]])
    case members(SchemaMembers)
    case memberNames(Int)
    case dependentRequired([(name: [UInt8], needs: [[UInt8]])])
    case dependentSchemas([(name: [UInt8], schema: Int)])
    case all([Int])
    case any([Int])
    case one([Int])
    case not(Int)
    case condition(if: Int, then: Int?, else: Int?)
    case unevaluatedItems(Int)
    case unevaluatedMembers(Int)
}

/// `properties`, `patternProperties` and `additionalProperties`, which look at each other.
struct SchemaMembers: Sendable {
    var named: [[UInt8]: Int] = [:]
    var patterns: [(pattern: JSONPattern, schema: Int)] = []
    var additional: Int?
    /// Whether a pattern could not be compiled; then no member is known to be additional.
    var hasUnknownPattern = false
}

/// A set of types.
struct SchemaTypes: OptionSet, Sendable {
    let rawValue: UInt8

    static let null = SchemaTypes(rawValue: 1)
    static let boolean = SchemaTypes(rawValue: 2)
    static let object = SchemaTypes(rawValue: 4)
    static let array = SchemaTypes(rawValue: 8)
    static let number = SchemaTypes(rawValue: 16)
    static let string = SchemaTypes(rawValue: 32)
    static let integer = SchemaTypes(rawValue: 64)

    private static let all: [(name: StaticString, title: String, type: SchemaTypes)] = [
        ("null", "null", .null), ("boolean", "a boolean", .boolean), ("object", "an object", .object),
        ("array", "an array", .array), ("number", "a number", .number), ("string", "a string", .string),
        ("integer", "an integer", .integer),
    ]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads the name of a type; `nil` when it is none.
    init?(name: JSONView) {
        guard let type = Self.all.first(where: { name.equalsString($0.name) })?.type else { return nil }
        self = type
    }

    /// Whether a value is of one of the types; 1.0 is an integer.
    func hold(_ value: SchemaValue) -> Bool {
        switch value {
        case .null: contains(.null)
        case .bool: contains(.boolean)
        case .object: contains(.object)
        case .array: contains(.array)
        case .string: contains(.string)
        case .number(let number): contains(.number) || number.isInteger && contains(.integer)
        }
    }

    /// The types in words, such as `null or a string`.
    var title: String { Self.all.filter { contains($0.type) }.map(\.title).joined(separator: " or ") }
}

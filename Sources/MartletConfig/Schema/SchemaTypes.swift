/// What a table of the configuration may hold; one declaration drives checking, `config schema`, `config show` and the
/// environment variables.
struct SchemaTable: Sendable {
    /// One line about the table.
    var doc: String
    /// The keys it has.
    var keys: [SchemaKey]
    /// The type of every other key, when the table holds named entries.
    var named: SchemaType?

    init(_ doc: String, _ keys: [SchemaKey], named: SchemaType? = nil) {
        self.doc = doc
        self.keys = keys
        self.named = named
    }

    /// Finds a key by its name or a synonym.
    func key(_ name: String) -> SchemaKey? {
        keys.first { key in
            key.name.utf8.elementsEqual(name.utf8) || key.synonyms.contains { $0.utf8.elementsEqual(name.utf8) }
        }
    }
}

/// One key of a table.
struct SchemaKey: Sendable {
    var name: String
    var type: SchemaType
    /// One line about what the value means, with its unit.
    var doc: String
    /// The default, spelled as TOML; `nil` when absent means off.
    var defaultText: String?
    /// Environment variables that set it; the first one that is set counts.
    var variables: [String]
    /// Other names for it.
    var synonyms: [String]
    /// Whether this version acts on it; others are accepted and warned about.
    var isBuilt: Bool

    init(
        _ name: String,
        _ type: SchemaType,
        _ doc: String,
        default defaultText: String? = nil,
        variables: [String] = [],
        synonyms: [String] = [],
        isBuilt: Bool = true
    ) {
        self.name = name
        self.type = type
        self.doc = doc
        self.defaultText = defaultText
        self.variables = variables
        self.synonyms = synonyms
        self.isBuilt = isBuilt
    }
}

/// The type of a value.
indirect enum SchemaType: Sendable {
    case string
    case boolean
    case integer(ClosedRange<Int>)
    /// A decimal; integers are accepted.
    case decimal(ClosedRange<Double>)
    case choice([String])
    /// A credential location: a string, or `{ default, fallback }`.
    case location
    case array(SchemaType)
    case table(SchemaTable)
    case either(SchemaType, SchemaType)
    /// Anything; for parts whose own schema comes with the version that acts on them.
    case open

    /// Seconds of a time limit that must not be zero; at most a day.
    static let seconds = SchemaType.decimal(0.001...86_400)
    /// Seconds where zero means none; at most a day.
    static let secondsOrZero = SchemaType.decimal(0...86_400)
    /// A count from zero.
    static let count = SchemaType.integer(0...1_000_000_000)
    static let strings = SchemaType.array(.string)
    /// Dollars for a million tokens.
    static let price = SchemaType.decimal(0...1_000_000)

    /// The type in words, for messages.
    var words: String {
        switch self {
        case .string: "a string"
        case .boolean: "true or false"
        case .integer: "an integer"
        case .decimal: "a number"
        case .choice(let names): "one of " + names.map { "\"\($0)\"" }.joined(separator: ", ")
        case .location: "a credential location (env::NAME, file::PATH, path_from_env::NAME, dynamic::NAME, sdk, none)"
        case .array(let element):
            switch element {
            case .string: "an array of strings"
            default: "an array"
            }
        case .table: "a table"
        case .either(let first, let second): "\(first.words) or \(second.words)"
        case .open: "a value"
        }
    }
}

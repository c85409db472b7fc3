/// A value of the configuration with its origin.
struct ConfigNode: Sendable {
    var value: Value
    var origin: ConfigOrigin
    /// The key as it was written, where that is another name of the one it stands under.
    var spelling: String?

    enum Value: Sendable {
        case string(String)
        case integer(Int)
        case decimal(Double)
        case boolean(Bool)
        /// A date or time; no setting has this type.
        case moment
        case array([ConfigNode])
        case table(ConfigTable)
    }

    /// What kind of value it is, for people.
    var kindName: String {
        switch value {
        case .string: "a string"
        case .integer: "an integer"
        case .decimal: "a decimal"
        case .boolean: "true or false"
        case .moment: "a date or time"
        case .array: "an array"
        case .table: "a table"
        }
    }

    var string: String? { if case .string(let text) = value { text } else { nil } }
    var boolean: Bool? { if case .boolean(let flag) = value { flag } else { nil } }
    var integer: Int? { if case .integer(let number) = value { number } else { nil } }
    var array: [ConfigNode]? { if case .array(let nodes) = value { nodes } else { nil } }
    var table: ConfigTable? { if case .table(let table) = value { table } else { nil } }

    /// A number, given as an integer or a decimal.
    ///
    /// Never inlined: Swift 6.3.1's optimiser aborts on the inlined copy (an ownership error in CopyPropagation).
    @inline(never)
    var number: Double? {
        switch value {
        case .integer(let number): Double(number)
        case .decimal(let number): number
        default: nil
        }
    }

    /// The elements of an array of strings; elements of other types are left out.
    var strings: [String]? { array.map { $0.compactMap(\.string) } }
}

/// A table that keeps the order of the file; keys are compared byte by byte.
struct ConfigTable: Sendable {
    private(set) var entries: [(key: String, node: ConfigNode)] = []
    private var index: [[UInt8]: Int] = [:]

    /// Reads or replaces a value; `nil` cannot be stored.
    subscript(key: String) -> ConfigNode? {
        get { index[Array(key.utf8)].map { entries[$0].node } }
        set {
            guard let newValue else { return }
            let bytes = Array(key.utf8)
            if let known = index[bytes] {
                entries[known].node = newValue
            } else {
                index[bytes] = entries.count
                entries.append((key, newValue))
            }
        }
    }

    /// Reads a value by its path through tables.
    func at(_ path: [String]) -> ConfigNode? {
        guard let first = path.first, let node = self[first] else { return nil }
        return path.count == 1 ? node : node.table?.at(Array(path.dropFirst()))
    }

    /// Stores a value, making the tables on its way.
    mutating func set(_ path: [String], _ node: ConfigNode) {
        guard let first = path.first else { return }
        if path.count == 1 {
            self[first] = node
            return
        }
        let known = self[first]
        var table = known?.table ?? ConfigTable()
        table.set(Array(path.dropFirst()), node)
        self[first] = ConfigNode(value: .table(table), origin: known?.origin ?? node.origin)
    }

    /// Takes over what another table says; tables merge, everything else is replaced.
    mutating func merge(_ other: ConfigTable) {
        for (key, node) in other.entries {
            if case .table(let incoming) = node.value, let known = self[key], case .table(var table) = known.value {
                table.merge(incoming)
                self[key] = ConfigNode(value: .table(table), origin: known.origin)
            } else {
                self[key] = node
            }
        }
    }
}

/// Spells keys and key paths the way a TOML file would.
enum KeyText {
    static func text(_ path: [String]) -> String { path.map(part).joined(separator: ".") }

    static func part(_ key: String) -> String {
        let isBare = !key.isEmpty && key.utf8.allSatisfy(isBareByte)
        return isBare ? key : "\"" + escaped(key) + "\""
    }

    static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let hex = String(scalar.value, radix: 16, uppercase: true)
                    out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out
    }

    private static func isBareByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

import MartletWire

/// Seeded randomness (SplitMix64), so that every run sees the same documents.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension RandomNumberGenerator {
    mutating func chance(_ outOf: Int) -> Bool { Int.random(in: 0..<outOf, using: &self) == 0 }
}

/// Everything that a scan tells, to compare two of them.
struct ScanResult: Equatable {
    var error: JSONError?
    var rootKind: JSONKind?
    var rootRange: Range<Int>?
    var members: [JSONMember] = []
    var textBytes = 0
    var imageParts = 0
}

/// Scans a document in pieces that end at the given offsets, each time from a fresh buffer.
func scan(_ bytes: [UInt8], cuts: [Int] = [], limits: JSONLimits = JSONLimits()) -> ScanResult {
    var scanner = JSONScanner(limits: limits)
    do throws(JSONError) {
        for cut in cuts { try scanner.scan(Array(bytes[..<cut]).span) }
        try scanner.finish(bytes.span)
    } catch {
        return ScanResult(error: error)
    }
    return ScanResult(
        rootKind: scanner.rootKind,
        rootRange: scanner.rootRange,
        members: scanner.members,
        textBytes: scanner.textBytes,
        imageParts: scanner.imageParts
    )
}

func scan(_ text: String, limits: JSONLimits = JSONLimits()) -> ScanResult { scan(Array(text.utf8), limits: limits) }

/// A tree, for tests that compare meaning and not bytes.
indirect enum Tree: Equatable {
    case null, bool(Bool), number(String), string([UInt8]), array([Tree]), object([Field])

    struct Field: Equatable {
        var key: [UInt8]
        var value: Tree
    }

    init(_ view: JSONView) {
        switch view.kind {
        case .null: self = .null
        case .true, .false: self = .bool(view.bool() == true)
        case .number: self = .number(String(decoding: view.rawBytes, as: UTF8.self))
        case .string: self = .string(Self.decoded(view))
        case .array: self = .array(view.elements.map(Tree.init))
        case .object:
            self = .object(view.members.map { Field(key: Self.decoded($0.key), value: Tree($0.value)) })
        }
    }

    static func decoded(_ view: JSONView) -> [UInt8] {
        var bytes: [UInt8] = []
        view.appendDecodedString(to: &bytes)
        return bytes
    }

    static func parse(_ bytes: [UInt8]) throws -> Tree { try JSON.withView(of: bytes) { Tree($0) } }
}

/// Writes random documents together with the tree that they mean.
struct RandomJSON {
    var random: SeededGenerator
    var bytes: [UInt8] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func document() -> (bytes: [UInt8], tree: Tree) {
        bytes = []
        space()
        let tree = value(depth: 0)
        space()
        return (bytes, tree)
    }

    /// A document whose value is an object.
    mutating func objectDocument() -> (bytes: [UInt8], tree: Tree) {
        bytes = []
        space()
        let tree = object(depth: 0)
        space()
        return (bytes, tree)
    }

    private mutating func space() {
        while random.chance(4) { bytes.append([0x20, 0x20, 0x0A, 0x09, 0x0D].randomElement(using: &random) ?? 0x20) }
    }

    private mutating func value(depth: Int) -> Tree {
        switch Int.random(in: 0..<(depth > 4 ? 6 : 10), using: &random) {
        case 0:
            bytes += "null".utf8
            return .null
        case 1:
            let bool = Bool.random(using: &random)
            bytes += (bool ? "true" : "false").utf8
            return .bool(bool)
        case 2, 3:
            let text = number()
            bytes += text.utf8
            return .number(text)
        case 4, 5: return .string(string(longest: random.chance(5) ? 200 : 20))
        case 6, 7: return array(depth: depth)
        default: return object(depth: depth)
        }
    }

    private mutating func number() -> String {
        var text = random.chance(3) ? "-" : ""
        text +=
            random.chance(4)
            ? "0"
            : String(UInt64.random(in: 1...UInt64.max, using: &random) >> UInt64.random(in: 0..<64, using: &random))
        if text.isEmpty || text == "-" { text += "0" }
        if random.chance(3) { text += "." + String(Int.random(in: 0...99_999, using: &random)) }
        if random.chance(4) {
            text += ["e", "E", "e+", "E-"].randomElement(using: &random) ?? "e"
            text += String(Int.random(in: 0...400, using: &random))
        }
        return text
    }

    /// Writes a string, each character in a random one of its forms, and returns what it means.
    private mutating func string(longest: Int) -> [UInt8] {
        var meaning: [UInt8] = []
        bytes.append(0x22)
        for _ in 0..<Int.random(in: 0...longest, using: &random) { meaning += character() }
        bytes.append(0x22)
        return meaning
    }

    private mutating func character() -> [UInt8] {
        let pools: [ClosedRange<UInt32>] = [
            0x20...0x7E, 0x20...0x7E, 0x61...0x7A, 0...0x1F, 0x7F...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF,
            0x1_0000...0x10_FFFF,
        ]
        let pool = pools.randomElement(using: &random) ?? 0x61...0x7A
        let scalar = Unicode.Scalar(UInt32.random(in: pool, using: &random)) ?? "?"
        let utf8 = Array(String(Character(scalar)).utf8)
        let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
        if mustEscape || random.chance(10) {
            let units = Array(String(Character(scalar)).utf16)
            for unit in units {
                let hex = String(unit, radix: 16, uppercase: random.chance(2))
                bytes += ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8
            }
        } else {
            bytes += utf8
        }
        return utf8
    }

    private mutating func array(depth: Int) -> Tree {
        var elements: [Tree] = []
        bytes.append(0x5B)
        space()
        for index in 0..<Int.random(in: 0...4, using: &random) {
            if index > 0 { bytes.append(0x2C) }
            space()
            elements.append(value(depth: depth + 1))
            space()
        }
        bytes.append(0x5D)
        return .array(elements)
    }

    private mutating func object(depth: Int) -> Tree {
        var fields: [Tree.Field] = []
        var seen: Set<[UInt8]> = []
        bytes.append(0x7B)
        space()
        for _ in 0..<(random.chance(10) ? 40 : Int.random(in: 0...5, using: &random)) {
            let before = bytes
            if !fields.isEmpty { bytes.append(0x2C) }
            space()
            let names = ["content", "text", "image_url", "input", "source", "model"]
            let key: [UInt8]
            if random.chance(3), let name = names.randomElement(using: &random) {
                bytes += "\"\(name)\"".utf8
                key = Array(name.utf8)
            } else {
                key = string(longest: 12)
            }
            guard seen.insert(key).inserted else {
                bytes = before
                continue
            }
            space()
            bytes.append(0x3A)
            space()
            fields.append(Tree.Field(key: key, value: value(depth: depth + 1)))
            space()
        }
        bytes.append(0x7D)
        return .object(fields)
    }
}

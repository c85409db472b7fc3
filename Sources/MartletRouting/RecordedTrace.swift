public import MartletCore

/// A trace as it is read from a record, with the names that its numbers stand for.
public struct RecordedTrace: Sendable, Hashable {
    /// The entries, in the order of the decisions.
    public var entries: [Entry] = []
    /// Whether entries are missing at the end.
    public var isCut = false
    /// Whether some names are missing.
    public var namesAreMissing = false
    /// Whether the target that the record names is on this device; `nil` when it names none.
    public var isLocal: Bool?
    /// The API that the request came by; `nil` for one that this version does not know.
    public var surface: Surface?
    /// The name of the endpoint; empty for one that this version does not know.
    public var endpoint = ""
    private var targets: [Int: TargetName] = [:]
    private var aliases: [Int: String] = [:]

    /// One decision.
    public struct Entry: Sendable, Hashable {
        /// What was decided; `nil` for a code of a later version.
        public var code: DecisionTrace.Code?
        /// The number of the code.
        public var number: UInt8
        /// Milliseconds since the request was received.
        public var milliseconds: UInt32
        /// Three values whose meaning the code gives.
        public var values: [Int32]
    }

    /// What a target is called.
    public struct TargetName: Sendable, Hashable {
        /// The account.
        public var provider: String
        /// The upstream's name of the model.
        public var model: String

        /// Names a target.
        public init(provider: String, model: String) {
            self.provider = provider
            self.model = model
        }
    }

    /// Reads a packed trace; `nil` when the bytes are none, or not whole.
    ///
    /// - Parameters:
    ///   - bytes: As ``DecisionTrace/packed(beside:)`` made them; anything else is refused, whatever it is.
    ///   - model: The model that the record names.
    ///   - target: The target that the record names.
    public init?(_ bytes: [UInt8], model: String, target: TargetName) {
        guard bytes.count <= PackedTrace.maxBytes else { return nil }
        var reader = Reader(bytes: bytes)
        guard reader.byte() == PackedTrace.form, let flagBits = reader.byte(), let surface = reader.byte(),
            let place = reader.byte()
        else { return nil }
        let flags = PackedTrace.Flags(rawValue: flagBits)
        isCut = flags.contains(.cut)
        namesAreMissing = flags.contains(.namesMissing)
        isLocal = flags.contains(.noTarget) ? nil : flags.contains(.local)
        self.surface = Surface(rawValue: surface)
        if place == 0 {
            guard let text = reader.text() else { return nil }
            endpoint = text
        } else if PackedTrace.endpoints.indices.contains(Int(place) - 1) {
            endpoint = PackedTrace.endpoints[Int(place) - 1]
        }
        guard let count = reader.byte() else { return nil }
        var time: UInt32 = 0
        for _ in 0..<count {
            guard let entry = reader.entry(after: time) else { return nil }
            time = entry.milliseconds
            entries.append(entry)
        }
        // Each turn takes two bytes or more.
        while !reader.isAtEnd {
            guard let key = reader.number(), let name = reader.text() else { return nil }
            let index = Int(key / 2)
            if key % 2 == 1 {
                aliases[index] = name.isEmpty ? model : name
            } else if name.isEmpty {
                targets[index] = target
            } else {
                guard let model = reader.text() else { return nil }
                targets[index] = TargetName(provider: name, model: model)
            }
        }
    }

    /// The name of a target by its index in the plan; `nil` when it is not known.
    public func target(_ index: Int) -> TargetName? { targets[index] }

    /// The name of an alias by its index; `nil` when it is not known.
    public func alias(_ index: Int) -> String? { aliases[index] }

    /// Reads the parts; each answers `nil` past the end.
    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        var isAtEnd: Bool { offset >= bytes.count }

        mutating func byte() -> UInt8? {
            guard offset < bytes.count else { return nil }
            defer { offset += 1 }
            return bytes[offset]
        }

        mutating func number() -> UInt32? {
            var word: UInt64 = 0
            for shift in stride(from: 0, to: 35, by: 7) {
                guard let byte = byte() else { return nil }
                word |= UInt64(byte & 0x7F) << UInt64(shift)
                if byte & 0x80 == 0 { return UInt32(exactly: word) }
            }
            return nil
        }

        mutating func text() -> String? {
            guard let count = byte(), Int(count) <= bytes.count - offset else { return nil }
            defer { offset += Int(count) }
            return String(decoding: bytes[offset..<(offset + Int(count))], as: UTF8.self)
        }

        mutating func entry(after time: UInt32) -> Entry? {
            guard let head = byte(), let wait = number() else { return nil }
            let (sum, overflow) = time.addingReportingOverflow(wait)
            var values: [Int32] = []
            for _ in 0..<(head >> 6) {
                guard let word = number() else { return nil }
                values.append(Int32(bitPattern: word >> 1) ^ -Int32(bitPattern: word & 1))
            }
            while values.count < 3 { values.append(0) }
            return Entry(
                code: DecisionTrace.Code(rawValue: head & 0x3F),
                number: head & 0x3F,
                milliseconds: overflow ? .max : sum,
                values: values
            )
        }
    }
}

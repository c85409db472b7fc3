public import MartletCore

/// What a trace's numbers stand for when it is packed, and what the record beside it says already.
public struct TraceSurroundings: Sendable {
    /// The planned targets, best first.
    public var targets: [Target]
    /// The target that the record names; its names are not repeated.
    public var answering: Target?
    /// The model that the record names; an alias of this name is not repeated.
    public var model: String
    /// The aliases by their indices.
    public var aliases: [Alias]
    /// The API that the request came by.
    public var surface: Surface
    /// The name of the endpoint.
    public var endpoint: String

    /// Describes what a trace belongs to.
    public init(
        targets: [Target],
        answering: Target?,
        model: String,
        aliases: [Alias],
        surface: Surface,
        endpoint: String
    ) {
        self.targets = targets
        self.answering = answering
        self.model = model
        self.aliases = aliases
        self.surface = surface
        self.endpoint = endpoint
    }
}

/// The form of packed traces.
///
/// | Bytes | |
/// |---|---|
/// | 1 | the form, 1; texts of the first releases begin with a letter |
/// | 1 | flags: 1 the trace is cut, 2 names are missing, 4 the answering target is on this device, 8 there is none |
/// | 1 | the surface |
/// | 1 | the endpoint's place in ``endpoints`` from 1 on; 0 and a text for others |
/// | 1 | how many entries follow |
/// | each | the code in six bits, how many values in two; milliseconds since the entry before; the values, zigzagged |
/// | rest | names: twice the index, 1 more for an alias; its name, or provider and model of a target; empty where the record says it |
///
/// Integers are LEB128, texts have their length before them.
enum PackedTrace {
    static let form: UInt8 = 1
    static let maxBytes = 512
    /// Entries take no more than this, so that there is room for names.
    static let maxEntryBytes = 384
    static let maxNames = 8
    static let maxNameBytes = 96

    struct Flags: OptionSet {
        var rawValue: UInt8
        static let cut = Flags(rawValue: 1)
        static let namesMissing = Flags(rawValue: 2)
        static let local = Flags(rawValue: 4)
        static let noTarget = Flags(rawValue: 8)
    }

    /// Endpoints that are told by a number; new ones come last.
    static let endpoints = [
        "chat_completions", "responses", "messages", "completions", "embeddings", "ollama_chat", "ollama_generate",
        "chat", "count_tokens", "fim_completions", "ollama_embed", "ollama_embeddings",
    ]
}

extension DecisionTrace {
    /// The form kept with the record, at most 512 bytes; ``RecordedTrace`` reads it.
    ///
    /// Names that its numbers stand for are in it, so that it can be read without the configuration it was made under.
    ///
    /// - Complexity: O(entries); one allocation.
    public func packed(beside around: TraceSurroundings) -> [UInt8] {
        var flags: PackedTrace.Flags = isCut ? .cut : []
        if let target = around.answering {
            if target.isLocal { flags.insert(.local) }
        } else {
            flags.insert(.noTarget)
        }
        var out: [UInt8] = []
        out.reserveCapacity(32 + 8 * entries.count)
        out.append(PackedTrace.form)
        out.append(0)
        out.append(around.surface.rawValue)
        if let place = PackedTrace.endpoints.firstIndex(of: around.endpoint) {
            out.append(UInt8(truncatingIfNeeded: place + 1))
        } else {
            out.append(0)
            out.appendShort(around.endpoint)
        }
        let place = out.count
        out.append(0)
        let written = appendEntries(to: &out)
        out[place] = UInt8(truncatingIfNeeded: written)
        if written < entries.count { flags.insert(.cut) }
        if !appendNames(around, to: &out) { flags.insert(.namesMissing) }
        out[1] = flags.rawValue
        return out
    }

    /// Appends what fits; answers how many entries that are.
    private func appendEntries(to out: inout [UInt8]) -> Int {
        var written = 0
        var before: UInt32 = 0
        for entry in entries {
            let start = out.count
            let (first, second, third) = entry.values
            let count: UInt8 = third != 0 ? 3 : second != 0 ? 2 : first != 0 ? 1 : 0
            out.append(entry.code.rawValue | count << 6)
            // A clock that went back changes nothing but this entry's time.
            out.appendNumber(entry.milliseconds > before ? entry.milliseconds - before : 0)
            if count > 0 { out.appendSigned(first) }
            if count > 1 { out.appendSigned(second) }
            if count > 2 { out.appendSigned(third) }
            guard out.count <= PackedTrace.maxEntryBytes else {
                out.removeLast(out.count - start)
                return written
            }
            before = max(before, entry.milliseconds)
            written += 1
        }
        return written
    }

    /// Appends the names of targets and aliases that entries tell of, those that were asked first.
    ///
    /// - Returns: Whether all are there.
    private func appendNames(_ around: TraceSurroundings, to out: inout [UInt8]) -> Bool {
        // A bit for each that is there already; a plan's first 64 are the only ones that are asked or told of.
        var targets: UInt64 = 0
        var aliases: UInt64 = 0
        var names = 0
        var isWhole = true
        func append(_ entry: Entry) {
            let isAlias = entry.code == .alias
            guard let place = isAlias ? 0 : entry.code.targetPlace else { return }
            let value = place == 0 ? entry.values.0 : place == 1 ? entry.values.1 : entry.values.2
            guard 0..<64 ~= value else { return }
            let index = Int(value)
            let bit: UInt64 = 1 << UInt64(index)
            guard (isAlias ? aliases : targets) & bit == 0 else { return }
            if isAlias { aliases |= bit } else { targets |= bit }
            let start = out.count
            out.appendNumber(UInt32(index * 2 + (isAlias ? 1 : 0)))
            if isAlias {
                guard around.aliases.indices.contains(index) else { return out.removeLast(out.count - start) }
                let name = around.aliases[index].name.rawValue
                out.appendShort(name == around.model ? "" : name)
            } else {
                guard around.targets.indices.contains(index) else { return out.removeLast(out.count - start) }
                if around.targets[index].isNamed(as: around.answering) {
                    out.append(0)
                } else {
                    out.appendShort(around.targets[index].account.rawValue)
                    out.appendShort(around.targets[index].upstreamModel)
                }
            }
            names += 1
            if names > PackedTrace.maxNames || out.count > PackedTrace.maxBytes {
                out.removeLast(out.count - start)
                isWhole = false
            }
        }
        for entry in entries where entry.code == .attempt { append(entry) }
        for entry in entries where entry.code != .attempt { append(entry) }
        return isWhole
    }
}

extension Target {
    /// Whether a record would name both alike.
    fileprivate func isNamed(as other: Target?) -> Bool {
        guard let other else { return false }
        return account.rawValue == other.account.rawValue && upstreamModel == other.upstreamModel
    }
}

extension [UInt8] {
    fileprivate mutating func appendNumber(_ value: UInt32) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    fileprivate mutating func appendSigned(_ value: Int32) {
        appendNumber(UInt32(bitPattern: value << 1 ^ value >> 31))
    }

    /// Appends a length and a text, which is cut at a character.
    fileprivate mutating func appendShort(_ text: String) {
        let bytes = text.utf8
        guard bytes.count > PackedTrace.maxNameBytes else {
            append(UInt8(truncatingIfNeeded: bytes.count))
            return append(contentsOf: bytes)
        }
        var end = bytes.index(bytes.startIndex, offsetBy: PackedTrace.maxNameBytes)
        // 0b10xxxxxx continues a character (RFC 3629 §3): step back to its first byte.
        while end > bytes.startIndex, bytes[end] & 0xC0 == 0x80 { end = bytes.index(before: end) }
        append(UInt8(truncatingIfNeeded: bytes.distance(from: bytes.startIndex, to: end)))
        append(contentsOf: bytes[..<end])
    }
}

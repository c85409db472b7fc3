import MartletCore
import MartletWire

/// Reads members of a request body at a cursor: what the busy surfaces of OpenAI's kind have in common.
///
/// ``BodyMembers`` does the same for surfaces that are called less, without a cursor.
protocol MemberReader {
    /// What was found so far.
    var facts: RequestFacts { get set }
    /// Stands at the value of the member that is read.
    var cursor: JSONCursor { get set }
}

extension MemberReader {
    /// Reads a model's name at the cursor; `nil` for null and the empty string.
    mutating func modelName(
        _ kind: JSONKind,
        param: @autoclosure () -> String
    ) throws(GatewayError) -> ModelName? {
        if kind == .null { return nil }
        guard kind == .string, let text = cursor.string() else {
            throw .invalid(param(), "must be a string")
        }
        if text.length == 0 { return nil }
        guard text.length <= 256 else { throw .invalid(param(), "must have 1 to 256 bytes") }
        if !text.hasEscapes {
            let bytes = unsafe UnsafeRawBufferPointer(start: cursor.base + text.start, count: text.length)
            guard unsafe bytes.allSatisfy(isModelByte) else { throw .invalid(param(), modelRule) }
            return ModelName(unsafe String(decoding: bytes, as: UTF8.self))
        }
        let bytes = cursor.decoded(text)
        guard bytes.allSatisfy(isModelByte) else { throw .invalid(param(), modelRule) }
        return ModelName(String(decoding: bytes, as: UTF8.self))
    }

    mutating func readUser(_ member: JSONMember) throws(GatewayError) {
        if member.kind == .null { return }
        guard member.kind == .string, let text = cursor.string() else { throw .invalid("user", "must be a string") }
        guard 1...256 ~= text.length else { throw .invalid("user", "must have 1 to 256 bytes") }
    }

    mutating func readMetadata(_ member: JSONMember) throws(GatewayError) {
        if member.kind == .null { return }
        guard member.kind == .object else { throw .invalid("metadata", "must be an object") }
        guard member.count <= OpenAIChatFacts.maxMetadataPairs else {
            throw .invalid("metadata", "must have at most \(OpenAIChatFacts.maxMetadataPairs) pairs")
        }
        guard cursor.enter(UInt8(ascii: "{")) else { return }
        while let key = cursor.nextKey() {
            guard key.length <= 64 else { throw .invalid("metadata", "must have keys of at most 64 bytes") }
            guard let value = cursor.string() else { throw .invalid("metadata", "must have strings as values") }
            guard value.length <= 512 else { throw .invalid("metadata", "must have values of at most 512 bytes") }
            if cursor.key(key, is: "app") { facts.hasApp = true }
        }
    }

    /// Takes a route by its name; an object is a vendor's own field and passes (OpenRouter, "Custom JSON").
    ///
    /// A word that is no route is refused: were it passed over, a misspelt `local` would leave this device.
    mutating func readRoute(_ member: JSONMember) throws(GatewayError) {
        if member.kind == .null || member.kind == .object { return }
        guard member.kind == .string, let text = cursor.string(),
            let route = Route(asked: String(decoding: cursor.decoded(text), as: UTF8.self))
        else { throw .invalid("route", Route.rule) }
        facts.route = route
        facts.gatewayMembers.insert(.route)
    }

    /// Takes the name of an account; an object is a vendor's own field and passes (OpenRouter, "Provider Routing").
    mutating func readProvider(_ member: JSONMember) throws(GatewayError) {
        if member.kind == .null || member.kind == .object { return }
        guard member.kind == .string, let text = cursor.string() else {
            throw .invalid("provider", "must be the name of an account")
        }
        guard 1...256 ~= text.length else { throw .invalid("provider", "must have 1 to 256 bytes") }
        facts.provider = String(decoding: cursor.decoded(text), as: UTF8.self)
        facts.gatewayMembers.insert(.provider)
    }

    /// Takes a list of names, or of objects with a `model`.
    mutating func readFallbacks(_ member: JSONMember) throws(GatewayError) {
        facts.gatewayMembers.insert(.fallbacks)
        if member.kind == .null { return }
        guard member.kind == .array else { throw .invalid("fallbacks", "must be an array") }
        guard member.count <= OpenAIChatFacts.maxFallbacks else {
            throw .invalid("fallbacks", "must have at most \(OpenAIChatFacts.maxFallbacks) elements")
        }
        guard cursor.enter(UInt8(ascii: "[")) else { return }
        while cursor.nextElement() {
            let index = facts.fallbacks.count
            var name: ModelName?
            if cursor.current == UInt8(ascii: "{") {
                _ = cursor.enter(UInt8(ascii: "{"))
                while let key = cursor.nextKey() {
                    if cursor.key(key, is: "model") {
                        let kind = JSONKind(firstByte: cursor.current)
                        name = try modelName(kind, param: "fallbacks[\(index)].model")
                        if name == nil { break }
                    } else {
                        cursor.skipValue()
                    }
                }
            } else {
                name = try modelName(JSONKind(firstByte: cursor.current), param: "fallbacks[\(index)]")
            }
            guard let name else { throw .invalid("fallbacks[\(index)]", "must name a model") }
            facts.fallbacks.append(name)
        }
    }

    func view(_ member: JSONMember) -> JSONView? {
        unsafe JSONView(
            validated: UnsafeRawBufferPointer(start: cursor.base, count: cursor.count),
            range: member.value
        )
    }

    func boolean(_ member: JSONMember, _ name: @autoclosure () -> String) throws(GatewayError) -> Bool? {
        switch member.kind {
        case .true: true
        case .false: false
        case .null: nil
        default: throw .invalid(name(), "must be a boolean")
        }
    }

    func integer(
        _ member: JSONMember,
        _ name: @autoclosure () -> String,
        _ range: ClosedRange<Int64>
    ) throws(GatewayError) -> Int? {
        if member.kind == .null { return nil }
        guard let value = view(member)?.int64() else {
            throw .invalid(name(), "must be an integer")
        }
        guard range.contains(value) else {
            throw .invalid(name(), "must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return Int(exactly: value)
    }

    func float(
        _ member: JSONMember,
        _ name: @autoclosure () -> String,
        _ range: ClosedRange<Double>
    ) throws(GatewayError) {
        if member.kind == .null { return }
        guard let value = view(member)?.double() else {
            throw .invalid(name(), "must be a number")
        }
        guard range.contains(value) else {
            throw .invalid(name(), "must be between \(Int(range.lowerBound)) and \(Int(range.upperBound))")
        }
    }
}

let modelRule = "may hold only the characters A-Z a-z 0-9 . _ : / @ + -"

import MartletCore
import MartletWire

/// The members of a request body that a surface looks at, found in one pass over what a scanner noted.
///
/// For surfaces less busy than chat. Must not outlive the body it was made from.
struct BodyMembers {
    private var found: [String: JSONView] = [:]

    /// Looks for members.
    ///
    /// - Throws: ``GatewayError`` when the body is no object.
    init(
        _ body: UnsafeRawBufferPointer,
        _ scanner: borrowing JSONScanner,
        _ names: [StaticString]
    ) throws(GatewayError) {
        guard scanner.rootKind == .object, let cursor = unsafe JSONCursor(body) else {
            throw GatewayError(.invalidValue, "The request body must be a JSON object.")
        }
        for member in scanner.members {
            guard let name = Self.name(of: member, in: names, cursor),
                let value = unsafe JSONView(validated: body, range: member.value)
            else { continue }
            found["\(name)"] = value
        }
    }

    private static func name(
        of member: JSONMember,
        in names: [StaticString],
        _ cursor: JSONCursor
    ) -> StaticString? {
        let key = JSONCursor.Text(member)
        if key.hasEscapes {
            let decoded = cursor.decoded(key)
            return names.first { decoded == [UInt8](staticString: $0) }
        }
        return names.first { cursor.equals(key.start, key.end - key.start, $0) }
    }

    /// The value of a member; `nil` when it is absent or null.
    subscript(_ name: String) -> JSONView? { found[name].flatMap { $0.isNull ? nil : $0 } }

    /// The value of a member, null too.
    func any(_ name: String) -> JSONView? { found[name] }

    func bool(_ name: String) throws(GatewayError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool() else { throw .invalid(name, "must be a boolean") }
        return flag
    }

    func integer(_ name: String, _ range: ClosedRange<Int64> = 1...largest) throws(GatewayError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.int64() else { throw .invalid(name, "must be an integer") }
        guard range.contains(number) else {
            throw .invalid(name, "must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return Int(exactly: number)
    }

    func float(_ name: String, _ range: ClosedRange<Double>) throws(GatewayError) {
        guard let value = self[name] else { return }
        guard let number = value.double() else { throw .invalid(name, "must be a number") }
        guard range.contains(number) else {
            throw .invalid(name, "must be between \(Int(range.lowerBound)) and \(Int(range.upperBound))")
        }
    }

    /// The length of a text in bytes; 0 when it is absent or null.
    func textBytes(_ name: String) throws(GatewayError) -> Int {
        guard let value = self[name] else { return 0 }
        guard let count = value.withStringBytes({ $0.count }) else { throw .invalid(name, "must be a string") }
        return count
    }

    /// Checks a text, or a list of at most as many as a request may have.
    func stop(_ name: String = "stop") throws(GatewayError) {
        guard let value = self[name], value.kind != .string else { return }
        guard value.kind == .array else { throw .invalid(name, "must be a string or an array of strings") }
        var index = 0
        for element in value.elements {
            guard element.kind == .string else { throw .invalid("\(name)[\(index)]", "must be a string") }
            index += 1
            guard index <= OpenAIChatFacts.maxStops else {
                throw .invalid(name, "must have at most \(OpenAIChatFacts.maxStops) elements")
            }
        }
    }

    /// The largest count that is taken.
    static let largest = Int64(Int32.max)
}

extension BodyMembers {
    /// The members that speak to the gateway, and those around them, on every surface of OpenAI's kind.
    static let shared: [StaticString] = [
        "model", "stream", "stream_options", "user", "metadata", "route", "fallbacks", "provider", "smart_routing",
        "tensorzero::credentials",
    ]

    /// Reads the ``shared`` members.
    func readShared(into facts: inout RequestFacts) throws(GatewayError) {
        try readModel(into: &facts)
        facts.stream = try bool("stream") ?? false
        try readStreamOptions(into: &facts)
        if self["user"] != nil {
            guard 1...256 ~= (try textBytes("user")) else { throw .invalid("user", "must have 1 to 256 bytes") }
        }
        if let metadata = self["metadata"] {
            guard metadata.kind == .object else { throw .invalid("metadata", "must be an object") }
            facts.hasApp = metadata.member("app")?.kind == .string
        }
        try readGateway(into: &facts)
    }

    /// Reads `model`; empty and null mean the default.
    func readModel(into facts: inout RequestFacts) throws(GatewayError) {
        facts.modelValue = any("model")?.range
        guard let value = self["model"] else { return }
        facts.model = try Self.modelName(value, "model")
    }

    private static func modelName(_ value: JSONView, _ param: String) throws(GatewayError) -> ModelName? {
        guard let name = value.string() else { throw .invalid(param, "must be a string") }
        if name.isEmpty { return nil }
        guard name.utf8.count <= 256 else { throw .invalid(param, "must have 1 to 256 bytes") }
        guard name.utf8.allSatisfy(isModelByte) else {
            throw .invalid(param, "may hold only the characters A-Z a-z 0-9 . _ : / @ + -")
        }
        return ModelName(name)
    }

    private func readStreamOptions(into facts: inout RequestFacts) throws(GatewayError) {
        guard let options = self["stream_options"] else { return }
        guard options.kind == .object else { throw .invalid("stream_options", "must be an object") }
        facts.streamOptions = options.range
        guard let usage = options.member("include_usage") else { return }
        facts.includeUsageValue = usage.range
        guard usage.isNull || usage.bool() != nil else {
            throw .invalid("stream_options.include_usage", "must be a boolean")
        }
        facts.includeUsage = usage.bool() ?? false
    }

    /// Reads what speaks to the gateway; a vendor's own field of the same name is left alone.
    func readGateway(into facts: inout RequestFacts) throws(GatewayError) {
        // As `readRoute`: an object is a vendor's own.
        if let value = self["route"], value.kind != .object {
            guard let route = value.string().flatMap({ Route(asked: $0) }) else { throw .invalid("route", Route.rule) }
            facts.route = route
            facts.gatewayMembers.insert(.route)
        }
        if let provider = self["provider"]?.string() {
            guard 1...256 ~= provider.utf8.count else { throw .invalid("provider", "must have 1 to 256 bytes") }
            facts.provider = provider
            facts.gatewayMembers.insert(.provider)
        }
        if any("smart_routing") != nil {
            facts.smartRouting = try bool("smart_routing")
            facts.gatewayMembers.insert(.smartRouting)
        }
        if any("tensorzero::credentials") != nil { facts.gatewayMembers.insert(.credentials) }
        guard any("fallbacks") != nil else { return }
        facts.gatewayMembers.insert(.fallbacks)
        guard let list = self["fallbacks"] else { return }
        guard list.kind == .array else { throw .invalid("fallbacks", "must be an array") }
        for element in list.elements {
            let index = facts.fallbacks.count
            guard index < OpenAIChatFacts.maxFallbacks else {
                throw .invalid("fallbacks", "must have at most \(OpenAIChatFacts.maxFallbacks) elements")
            }
            let value = element.kind == .object ? element.member("model") : element
            guard let value, let name = try Self.modelName(value, "fallbacks[\(index)]") else {
                throw .invalid("fallbacks[\(index)]", "must name a model")
            }
            facts.fallbacks.append(name)
        }
    }
}

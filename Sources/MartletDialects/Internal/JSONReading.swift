public import MartletCore
public import MartletWire

extension JSONObjectReader {
    /// The members nobody took, as they came.
    ///
    /// Names that begin with `#` are not among them: those are the codecs' own marks, which nobody outside may set.
    var extra: [ExtraMember] {
        rest.compactMap { member in
            guard let name = member.key.string(), name.utf8.first != UInt8(ascii: "#") else { return nil }
            return ExtraMember(name: name, value: JSONText(member.value.rawBytes))
        }
    }

    /// Takes a string or null and leaves any other value for ``extra``.
    ///
    /// For answers, where a wrong type is no failure.
    mutating func lenientString(_ name: StaticString) -> String? {
        guard let value = peek(name), value.kind == .string || value.isNull else { return nil }
        return take(name)?.string()
    }

    /// Takes an integer or null; leaves any other value for ``extra``.
    mutating func lenientInteger(_ name: StaticString) -> Int64? {
        guard let value = peek(name), value.int64() != nil || value.isNull else { return nil }
        return take(name)?.int64()
    }

    /// Takes a value of a kind or null; leaves any other value for ``extra``.
    mutating func lenient(_ name: StaticString, _ kind: JSONKind) -> JSONView? {
        guard let value = peek(name), value.kind == kind || value.isNull else { return nil }
        _ = take(name)
        return value.isNull ? nil : value
    }

    /// Takes a value of a kind and reads its members; leaves any other value for ``extra``.
    mutating func lenientObject(_ name: StaticString) -> JSONObjectReader? {
        guard let value = lenient(name, .object) else { return nil }
        return try? JSONObjectReader(value)
    }
}

extension JSONView {
    /// The value as it came.
    var text: JSONText { JSONText(rawBytes) }
}

extension JSONWriter {
    /// Appends JSON to bytes without copying what is there.
    ///
    /// When the call returns, nothing but the caller holds the bytes, so that what comes next is appended in place too.
    static func append(to output: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
        var taken: [UInt8] = []
        swap(&taken, &output)
        var writer = JSONWriter(appendingTo: consume taken)
        body(&writer)
        output = writer.bytes
    }

    mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        key(name)
        string(value)
    }

    mutating func member(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        key(name)
        bool(value)
    }

    mutating func member(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        key(name)
        integer(value)
    }

    mutating func member(_ name: StaticString, _ value: Int?) { member(name, value.map(Int64.init)) }

    mutating func member(_ name: StaticString, _ value: Double?) {
        guard let value else { return }
        key(name)
        double(value)
    }

    mutating func member(_ name: StaticString, _ value: JSONText?) {
        guard let value else { return }
        key(name)
        raw(value.bytes)
    }

    mutating func member(_ name: String, _ value: JSONText) {
        key(Array(name.utf8))
        raw(value.bytes)
    }

    mutating func members(_ extra: [ExtraMember]) {
        for member in extra {
            key(Array(member.name.utf8))
            raw(member.value.bytes)
        }
    }
}

extension GatewayError {
    /// A field whose value cannot be used; the value itself is never shown.
    static func invalid(_ param: String, _ rule: String) -> GatewayError {
        GatewayError(.invalidValue, "Invalid value for '\(param)': it \(rule).", param: param.isEmpty ? nil : param)
    }

    /// A request body that is not acceptable JSON.
    public init(_ error: JSONError) {
        self =
            error.kind == .tooDeep
            ? GatewayError(.jsonTooDeep, "The request body nests more objects and arrays than allowed.")
            : GatewayError(.invalidJSON, "The request body cannot be read: \(error.description).")
    }

    /// A request field that is missing or of the wrong type.
    init(_ error: JSONFieldError) { self = .invalid(error.path, "must be \(error.expected)") }
}

import MartletCore
import MartletWire

extension GeminiRequestEncoder {
    /// Writes the elements of `tools`, and tells whether functions are among them.
    mutating func toolObjects() throws(GatewayError) -> (objects: [[UInt8]], hasFunctions: Bool) {
        // What may not be called without being forced is not shown.
        let allowed = isNative ? nil : AllowedTools(request.toolChoice).flatMap { $0.isRequired ? nil : $0.names }
        var functions: [[UInt8]] = []
        var others: [[UInt8]] = []
        for (index, tool) in (request.tools ?? []).enumerated() {
            let path = "tools[\(index)]"
            switch tool {
            case .function(let function):
                if let allowed, !allowed.contains(function.name) { continue }
                functions.append(declaration(function, at: path))
            case .other(_, let value) where isNative: others.append(value.bytes)
            case .other: dropped.add(path)
            }
        }
        if searches, !functions.isEmpty, !traits.combinesFunctions {
            dropped.add("web_search_options")
        } else if searches {
            others.append(Array(#"{"googleSearch":{}}"#.utf8))
        }
        guard !functions.isEmpty else { return (others, false) }
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            writer.key("functionDeclarations")
            writer.array { writer in
                for function in functions { writer.raw(function) }
            }
        }
        return ([writer.bytes] + others, true)
    }

    private mutating func declaration(_ function: ChatFunction, at path: String) -> [UInt8] {
        let inner = "\(path).function"
        if !isNative {
            dropped.add(function.innerExtra, in: inner)
            dropped.add(function.extra, in: path)
            if function.strict == true, !traits.validatesCalls { dropped.add("strict", in: inner) }
        }
        let name = isNative ? function.name : names.name(function.name)
        var schema = function.parameters
        if !isNative, let parameters = schema {
            switch GeminiSchema.shape(parameters) {
            case .object: break
            // Functions without arguments have no schema: an empty one is refused by some models.
            case .empty: schema = nil
            case .other:
                schema = nil
                dropped.add("parameters", in: inner)
            }
        }
        var writer = JSONWriter(reserving: 128)
        writer.object { writer in
            writer.member("name", name)
            writer.member("description", function.description.flatMap { $0.isEmpty && !isNative ? nil : $0 })
            writer.member("parametersJsonSchema", schema)
            if isNative { writer.members(function.innerExtra) }
        }
        return writer.bytes
    }

    /// Decides `functionCallingConfig`; `nil` leaves it out.
    mutating func functionCallingConfig(hasTools: Bool) throws(GatewayError) -> JSONText? {
        if !isNative, request.parallelToolCalls == false, hasTools { dropped.add("parallel_tool_calls") }
        if case .other(let value)? = request.toolChoice, isNative { return value }
        guard hasTools || isNative else {
            // Without tools only a choice that demands one says anything.
            switch request.toolChoice {
            case .required?, .function?, .other?: dropped.add("tool_choice")
            case .auto?, ChatToolChoice.none?, nil: break
            }
            return nil
        }
        switch request.toolChoice {
        case ChatToolChoice.none?: return Self.config("NONE", [])
        case .required?: return Self.config("ANY", [])
        case .function(let name)?: return Self.config("ANY", [isNative ? name : names.name(name)])
        case .other?:
            guard let allowed = AllowedTools(request.toolChoice) else {
                throw .unsupported("tool_choice", "This choice has no form for this model.")
            }
            let sent = allowed.names.sorted().map { names.name($0) }
            return allowed.isRequired ? Self.config("ANY", sent) : Self.config(free, [])
        case .auto?: return Self.config(free, [])
        case nil: return holdsToSchemas ? Self.config("VALIDATED", []) : nil
        }
    }

    /// The mode in which the model decides: held to the schemas where the caller wants that of a function.
    private var free: StaticString { holdsToSchemas ? "VALIDATED" : "AUTO" }

    private var holdsToSchemas: Bool {
        guard !isNative, traits.validatesCalls else { return false }
        return request.tools?.contains { tool in
            if case .function(let function) = tool { function.strict == true } else { false }
        } == true
    }

    private static func config(_ mode: StaticString, _ names: [String]) -> JSONText {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("mode")
            writer.string(mode)
            guard !names.isEmpty else { return }
            writer.key("allowedFunctionNames")
            writer.array { writer in
                for name in names { writer.string(name) }
            }
        }
        return JSONText(writer.bytes)
    }
}

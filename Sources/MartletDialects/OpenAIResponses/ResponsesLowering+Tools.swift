import MartletCore
import MartletWire

extension ResponsesLowering {
    /// Makes plain functions of the tools and fits the choice to them.
    mutating func lowerTools(_ request: inout ChatRequest) {
        guard source.tools != nil || source.toolChoice != nil || source.parallelToolCalls != nil else { return }
        if target == .gemini, searchesOnly { return lowerSearch(&request) }
        var lowered: [ChatTool] = []
        for (index, tool) in (source.tools ?? []).enumerated() {
            let path = "tools[\(index)]"
            switch tool {
            case .function(let function): add(function, named: function.name, at: path, to: &lowered)
            case .other(let type, let value): add(type, value, at: path, to: &lowered)
            }
        }
        request.tools = lowered.isEmpty ? nil : lowered
        guard !lowered.isEmpty else {
            // Without tools only a choice that demands one says anything.
            switch source.toolChoice {
            case nil, ChatToolChoice.none?, .auto?: break
            case .required?, .function?, .other?: dropped.add("tool_choice")
            }
            (request.toolChoice, request.parallelToolCalls) = (nil, nil)
            return
        }
        lowerChoice(&request)
    }

    /// Whether the only tool is a search of the web: Google's models search, but most not beside functions.
    private var searchesOnly: Bool {
        guard let tools = source.tools, tools.count == 1, case .other(let type, _) = tools[0] else { return false }
        return type.hasPrefix("web_search")
    }

    private mutating func lowerSearch(_ request: inout ChatRequest) {
        if case ChatToolChoice.none? = source.toolChoice {} else { searches = true }
        if case .other(_, let value)? = source.tools?.first {
            dropped.add(value.objectMembers.filter { $0.name != "type" && !$0.isNull }, in: "tools[0]")
        }
        switch source.toolChoice {
        case nil, ChatToolChoice.none?, .auto?: break
        case .required?, .function?, .other?: dropped.add("tool_choice")
        }
        (request.tools, request.toolChoice, request.parallelToolCalls) = (nil, nil, nil)
    }

    private mutating func add(
        _ function: ChatFunction,
        named name: String,
        at path: String,
        to lowered: inout [ChatTool]
    ) {
        var function = function
        function.name = name
        dropped.add(function.extra.without("cache_control"), in: path)
        function.extra = function.extra.filter { $0.name == "cache_control" && !$0.isNull }
        // Strict is what this dialect means where it says nothing, as far as the schema allows it.
        if function.strict == nil, let schema = function.parameters, ResponsesSchema.isStrict(schema) {
            function.strict = true
        }
        lowered.append(.function(function))
        toolPaths.append(path)
    }

    /// Adds what stands for a tool of another kind, or names it.
    private mutating func add(_ type: String, _ value: JSONText, at path: String, to lowered: inout [ChatTool]) {
        guard type == "custom" || type == "namespace", let document = try? JSONDocument(value.bytes) else {
            return dropped.add(path)
        }
        document.withView { view in
            guard let name = view.member("name")?.string() else { return dropped.add(path) }
            if type == "custom" { return add(custom: view, name, namespace: nil, at: path, to: &lowered) }
            guard let list = view.member("tools"), list.kind == .array else { return dropped.add(path) }
            for member in view.members where !member.value.isNull {
                guard let key = member.key.string(), !["type", "name", "tools"].contains(key) else { continue }
                dropped.add(key, in: path)
            }
            for (index, tool) in list.elements.enumerated() {
                let inner = "\(path).tools[\(index)]"
                if tool.member("type")?.equalsString("custom") == true, let own = tool.member("name")?.string() {
                    add(custom: tool, own, namespace: name, at: inner, to: &lowered)
                } else if var reader = try? JSONObjectReader(tool) {
                    _ = reader.take("type")
                    guard let function = try? ChatFunction(responses: &reader) else {
                        dropped.add(inner)
                        continue
                    }
                    let flat = tools.name(function.name, namespace: name)
                    add(function, named: flat, at: inner, to: &lowered)
                } else {
                    dropped.add(inner)
                }
            }
        }
    }

    /// Adds a function with the one argument `input` in place of a tool that takes free text.
    private mutating func add(
        custom view: JSONView,
        _ name: String,
        namespace: String?,
        at path: String,
        to lowered: inout [ChatTool]
    ) {
        for member in view.members where !member.value.isNull {
            guard let key = member.key.string(), !["type", "name", "description", "format"].contains(key) else {
                continue
            }
            dropped.add(key, in: path)
        }
        var description = view.member("description")?.string() ?? ""
        var rule = "The whole text, as it is."
        if let format = view.member("format"), format.member("type")?.equalsString("grammar") == true {
            let grammar = format.member("grammar") ?? format
            let syntax = grammar.member("syntax")?.string() ?? "lark"
            let definition = grammar.member("definition")?.string() ?? ""
            rule += " It must follow the grammar in the tool's description."
            if !description.isEmpty { description += "\n\n" }
            description += "The argument `input` must follow this grammar (\(syntax)):\n\(definition)"
        }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", "object")
            writer.key("properties")
            writer.object { writer in
                writer.key("input")
                writer.object { writer in
                    writer.member("type", "string")
                    writer.member("description", rule)
                }
            }
            writer.key("required")
            writer.array { $0.string("input" as StaticString) }
            writer.member("additionalProperties", false)
        }
        let function = ChatFunction(
            name: tools.name(name, namespace: namespace),
            description: description.isEmpty ? nil : description,
            parameters: JSONText(writer.bytes)
        )
        lowered.append(.function(function))
        toolPaths.append(path)
    }

    private mutating func lowerChoice(_ request: inout ChatRequest) {
        switch source.toolChoice {
        case nil, ChatToolChoice.none?, .auto?, .required?: break
        case .function(let name)?: request.toolChoice = .function(name: known(name, nil, request))
        case .other(let value)?:
            request.toolChoice = nil
            guard let document = try? JSONDocument(value.bytes) else { return }
            document.withView { view in
                let type = view.member("type")?.string()
                let namespace = view.member("namespace")?.string()
                if type == "function" || type == "custom", let name = view.member("name")?.string() {
                    request.toolChoice = .function(name: known(name, namespace, request))
                } else if type == "allowed_tools", let list = view.member("tools"), list.kind == .array {
                    allow(list, isRequired: view.member("mode")?.equalsString("required") ?? false, &request)
                } else {
                    // A tool that runs at the vendor, which is not among them.
                    dropped.add("tool_choice")
                }
            }
        }
    }

    /// The name by which a tool is told; one that stands in a namespace may be named without it.
    private func known(_ name: String, _ namespace: String?, _ request: ChatRequest) -> String {
        let told = tools.name(name, namespace: namespace)
        if namespace != nil || Self.has(told, request) { return told }
        let inside = tools.originals.filter { $0.value.name == name }.keys.sorted()
        return inside.first ?? told
    }

    private static func has(_ name: String, _ request: ChatRequest) -> Bool {
        request.tools?.contains { if case .function(let function) = $0 { function.name == name } else { false } }
            ?? false
    }

    /// Leaves only the allowed tools, which every target understands.
    private mutating func allow(_ list: JSONView, isRequired: Bool, _ request: inout ChatRequest) {
        var names: Set<String> = []
        for tool in list.elements {
            guard let name = (tool.member("function") ?? tool).member("name")?.string() else { continue }
            if tool.member("type")?.equalsString("namespace") == true {
                for (told, original) in tools.originals where original.namespace == name { names.insert(told) }
            } else {
                names.insert(known(name, tool.member("namespace")?.string(), request))
            }
        }
        var kept: [ChatTool] = []
        var paths: [String] = []
        for (tool, path) in zip(request.tools ?? [], toolPaths) {
            guard case .function(let function) = tool, names.contains(function.name) else { continue }
            kept.append(tool)
            paths.append(path)
        }
        guard !kept.isEmpty else {
            request.toolChoice = ChatToolChoice.none
            return
        }
        (request.tools, toolPaths) = (kept, paths)
        request.toolChoice = isRequired ? .required : .auto
    }

    /// Puts results right behind the calls they answer, and pictures among them into a message of the user: chat
    /// completions take results in no other place and hold only text in them.
    mutating func settleResults() {
        var results: [String: [Int]] = [:]
        var answered: Set<Int> = []
        for (index, message) in messages.enumerated() {
            guard message.role == .tool, case .toolResult(let result)? = message.parts.first else { continue }
            results[result.callID, default: []].append(index)
        }
        var ordered: [ChatMessage] = []
        var orderedPlaces: [ResponsesPlace] = []
        var media: [ChatPart] = []
        var mediaPlace: ResponsesPlace?
        func put(_ index: Int) {
            var message = messages[index]
            if case .toolResult(var result)? = message.parts.first {
                let others = result.content.filter { !$0.isText }
                if !others.isEmpty {
                    result.content.removeAll { !$0.isText }
                    if result.content.isEmpty { result.content = [.text(ChatText("See the next message."))] }
                    message.parts[0] = .toolResult(result)
                    media += others
                    mediaPlace = mediaPlace ?? ResponsesPlace(message: places[index].message)
                    mediaPlace?.contents += others.map { _ in places[index].message + ".output" }
                }
                result.content = Self.joined(result.content)
                message.parts[0] = .toolResult(result)
            }
            ordered.append(message)
            orderedPlaces.append(places[index])
        }
        func flush() {
            guard let place = mediaPlace else { return }
            ordered.append(ChatMessage(role: .user, parts: media))
            orderedPlaces.append(place)
            (media, mediaPlace) = ([], nil)
        }
        for index in messages.indices where !answered.contains(index) {
            if messages[index].role != .tool { flush() }
            put(index)
            for call in messages[index].toolCalls {
                guard let place = results[call.id]?.first(where: { $0 > index && !answered.contains($0) }) else {
                    continue
                }
                answered.insert(place)
                put(place)
            }
        }
        flush()
        (messages, places) = (ordered, orderedPlaces)
    }

    /// Texts joined to one, which every server takes.
    private static func joined(_ content: [ChatPart]) -> [ChatPart] {
        guard content.count > 1, content.allSatisfy(\.isPlainText) else { return content }
        let texts = content.map { part in if case .text(let text) = part { text.text } else { "" } }
        return [.text(ChatText(texts.joined(separator: "\n")))]
    }
}

extension ChatPart {
    fileprivate var isText: Bool {
        if case .text = self { true } else { false }
    }
}

/// What OpenAI asks of a schema that is followed exactly.
enum ResponsesSchema {
    /// Whether every object of a schema names all its properties as required and takes no others.
    ///
    /// - SeeAlso: OpenAI, "Structured outputs", supported schemas.
    static func isStrict(_ schema: JSONText) -> Bool {
        guard let document = try? JSONDocument(schema.bytes) else { return false }
        return document.withView { root in
            guard root.member("type")?.equalsString("object") == true else { return false }
            // A list of schemas still to look at instead of recursion.
            var rest = [root]
            while let view = rest.popLast() {
                if view.kind == .array {
                    rest.append(contentsOf: view.elements)
                    continue
                }
                guard view.kind == .object else { continue }
                if view.member("properties") != nil || view.member("type")?.equalsString("object") == true {
                    guard isClosed(view) else { return false }
                }
                for name in ["items", "anyOf"] as [StaticString] {
                    if let inner = view.member(name) { rest.append(inner) }
                }
                for name in ["properties", "$defs", "definitions"] as [StaticString] {
                    if let inner = view.member(name), inner.kind == .object {
                        rest.append(contentsOf: inner.members.map(\.value))
                    }
                }
                if view.member("allOf") != nil || view.member("oneOf") != nil || view.member("not") != nil {
                    return false
                }
            }
            return true
        }
    }

    private static func isClosed(_ view: JSONView) -> Bool {
        guard view.member("additionalProperties")?.bool() == false else { return false }
        var required: Set<String> = []
        if let list = view.member("required"), list.kind == .array {
            for element in list.elements { required.insert(element.string() ?? "") }
        }
        guard let properties = view.member("properties"), properties.kind == .object else { return true }
        return properties.members.allSatisfy { required.contains($0.key.string() ?? "") }
    }
}

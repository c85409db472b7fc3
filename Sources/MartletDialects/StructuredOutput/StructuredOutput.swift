public import MartletCore
import MartletWire

/// Makes a target that knows no schemas answer with JSON that follows one.
///
/// The request is rewritten: the schema becomes the arguments of a tool that the model must call, or, where that would
/// stand in the way of the caller's own tools, of thinking, or of a schema that is no object, an instruction. A whole
/// answer is turned back into text and checked; a wrong one is shown to the model once, with what is wrong; after that
/// the request fails. A streamed answer is turned back while it passes and cannot be checked.
///
///     guard let (steered, output) = try StructuredOutput.start(request, support) else { … send the request … }
///     var structured = output
///     // … send `steered`; then
///     switch structured.check(response) {
///     case .accept(let response): …
///     case .repair(let request): … send it and check again …
///     case .fail(let error): …
///     }
public struct StructuredOutput: Sendable {
    /// What comes of an answer.
    public enum Outcome: Hashable, Sendable {
        /// The answer for the caller.
        case accept(ChatResponse)
        /// The request to send in place of it; happens once.
        case repair(ChatRequest)
        /// The error for the caller.
        case fail(GatewayError)
    }

    /// How the model is brought to it.
    enum Method: Hashable, Sendable {
        /// It must call a tool of this name.
        case forcedTool(String)
        /// It is told to call a tool of this name.
        case offeredTool(String)
        /// It is told to write JSON.
        case instruction
    }

    /// Which demands of the caller are kept less well than asked for, as JSON paths of the caller's body: what of the
    /// schema cannot be checked, and strictness of what is streamed.
    public let approximated: [String]
    let method: Method
    /// `nil` where any object will do.
    let schema: JSONSchema?
    /// The request as it was sent.
    let steered: ChatRequest
    /// The tokens of the answer that was sent back.
    var spent: Usage?
    var isRepaired = false

    private static let path = "response_format.json_schema.schema"

    /// Rewrites a request for a target.
    ///
    /// - Parameters:
    ///   - request: The caller's request.
    ///   - support: What the target can do.
    /// - Returns: The request to send, and what its answer must go through; `nil` when nothing has to be done.
    /// - Throws: ``GatewayError`` `invalid_value` when the schema is none.
    public static func start(
        _ request: ChatRequest,
        _ support: StructuredOutputSupport
    ) throws(GatewayError) -> (request: ChatRequest, output: StructuredOutput)? {
        var format = JSONSchemaFormat(name: "answer")
        switch request.responseFormat {
        case .jsonSchema(let given):
            if support.jsonSchema { return nil }
            format = given
        case .jsonObject: if support.jsonObject { return nil }
        case .text, .other, nil: return nil
        }
        var schema: JSONSchema?
        var isObject = true
        if let text = format.schema, text.bytes != Array("null".utf8) {
            guard let document = try? JSONDocument(text.bytes) else { throw .invalid(path, "must be a JSON Schema") }
            do throws(JSONSchemaError) {
                schema = try JSONSchema(document)
            } catch {
                throw GatewayError(.invalidValue, "Invalid value for '\(path)': \(error).", param: path)
            }
            isObject = document.withView { $0.member("type")?.equalsString("object") ?? false }
        }
        let method = method(for: request, format, support, isObject: isObject && schema != nil)
        let steered = steer(request, format, method, hasObjectMode: support.jsonObject && isObject)
        let output = StructuredOutput(
            approximated: approximated(request, format, schema),
            method: method,
            schema: schema,
            steered: steered
        )
        return (steered, output)
    }

    private init(approximated: [String], method: Method, schema: JSONSchema?, steered: ChatRequest) {
        self.approximated = approximated
        self.method = method
        self.schema = schema
        self.steered = steered
    }

    private static func method(
        for request: ChatRequest,
        _ format: JSONSchemaFormat,
        _ support: StructuredOutputSupport,
        isObject: Bool
    ) -> Method {
        // A tool of our own would hide the caller's; and one whose definition is gone may stand in the history.
        let hasTools = request.tools?.isEmpty == false || request.extra.value("functions") != nil
        let hasCalls = request.messages.contains { !$0.toolCalls.isEmpty }
        guard support.forcedTools, isObject, !hasTools, !hasCalls else { return .instruction }
        let name = format.name.isEmpty ? "answer" : format.name
        // A model that thinks first cannot be forced.
        let thinks = (request.reasoningEffort ?? "none") != "none" || request.extra.value("thinking") != nil
        return thinks ? .offeredTool(name) : .forcedTool(name)
    }

    private static func steer(
        _ request: ChatRequest,
        _ format: JSONSchemaFormat,
        _ method: Method,
        hasObjectMode: Bool
    ) -> ChatRequest {
        var steered = request
        steered.responseFormat = nil
        switch method {
        case .forcedTool(let name), .offeredTool(let name):
            let description = format.description ?? "Gives the answer. Call it once, with the whole answer."
            steered.tools = [
                .function(ChatFunction(name: name, description: description, parameters: format.schema))
            ]
            steered.toolChoice = .function(name: name)
            steered.parallelToolCalls = nil
            guard case .offeredTool = method else { return steered }
            steered.toolChoice = .auto
            steered.addInstruction("Give your answer by calling the tool \(name) once, and in no other way.")
        case .instruction:
            if hasObjectMode { steered.responseFormat = .jsonObject }
            guard let schema = format.schema, schema.bytes != Array("null".utf8) else {
                steered.addInstruction("Answer with one JSON object and nothing else: no other text, no code fence.")
                break
            }
            var words =
                "Answer with JSON that follows this JSON Schema, and nothing else: no other text, no code fence."
            if request.tools?.isEmpty == false {
                words = "When you do not call a tool, answer with JSON that follows this JSON Schema, and nothing else."
            }
            if let description = format.description { words += "\nWhat it is: " + description }
            steered.addInstruction(words + "\n" + String(decoding: schema.bytes, as: UTF8.self))
        }
        return steered
    }

    private static func approximated(
        _ request: ChatRequest,
        _ format: JSONSchemaFormat,
        _ schema: JSONSchema?
    ) -> [String] {
        var dropped = DroppedPaths()
        for pointer in schema?.unchecked.prefix(8) ?? [] {
            // Pointers hold names from outside, and the paths go into a header.
            let clean = pointer.utf8.map { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") ? $0 : UInt8(ascii: "?") }
            dropped.add(path + String(decoding: clean, as: UTF8.self))
        }
        if request.stream == true, format.strict == true { dropped.add("response_format.json_schema.strict") }
        return dropped.paths
    }
}

extension ChatRequest {
    /// Adds to what the operator says: some models take one such message only, and at the beginning.
    fileprivate mutating func addInstruction(_ text: String) {
        guard let place = messages.firstIndex(where: { $0.role != .system && $0.role != .developer }), place > 0 else {
            if let last = messages.indices.last, messages[last].role == .system || messages[last].role == .developer {
                return messages[last].append(text)
            }
            return messages.insert(ChatMessage(role: .system, text: text), at: 0)
        }
        messages[place - 1].append(text)
    }
}

extension ChatMessage {
    fileprivate mutating func append(_ text: String) {
        if case .text(var last)? = parts.last, last.extra.isEmpty {
            last.text += "\n\n" + text
            parts[parts.count - 1] = .text(last)
        } else {
            parts.append(.text(ChatText(text)))
        }
    }
}

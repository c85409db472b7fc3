import MartletCore
import MartletWire

/// One item of an answer while it is written.
struct ResponsesOutputItem: Sendable {
    /// What kind of item it is.
    enum Kind: Sendable {
        case message, reasoning, call, whole

        /// What the item's id begins with.
        var prefix: String {
            switch self {
            case .message: "msg"
            case .reasoning: "rs"
            case .call: "fc"
            case .whole: "it"
            }
        }
    }

    /// What part of a message is open.
    enum Part: Sendable {
        case text, refusal
    }

    let kind: Kind
    private(set) var id: String
    /// The text, summary or arguments of the open part so far, escaped as it stands in JSON; of a whole item all of it.
    var text: [UInt8] = []
    /// The parts of a message that are complete.
    private(set) var parts: [[UInt8]] = []
    var part: Part?
    var annotations: [[UInt8]] = []
    private var logprobs: [[UInt8]] = []
    /// What the reasoning's maker must get back.
    var sealed: String?
    private var callID = ""
    private(set) var name = ""
    private var namespace: String?
    /// Whether the tool takes free text.
    private(set) var isCustom = false
    /// Whether a function stands for the tool, so that the free text is inside its arguments.
    private(set) var isWrapped = false
    /// Arguments that were not sent yet.
    var waiting = ""
    /// Whether the item was announced.
    var hasBegun = false
    /// The item when it is complete.
    var done: [UInt8]?

    init(_ kind: Kind, id: String) {
        self.kind = kind
        self.id = id
    }

    /// The types of items that pass through whole.
    static let wholeTypes: Set<String> = [
        "web_search_call", "file_search_call", "computer_call", "code_interpreter_call", "image_generation_call",
        "local_shell_call", "shell_call", "shell_call_output", "apply_patch_call", "apply_patch_call_output",
        "mcp_call", "mcp_list_tools", "mcp_approval_request", "tool_search_call", "tool_search_output", "compaction",
        "program", "program_output",
    ]

    /// Takes a piece of a call.
    mutating func take(_ piece: ChatChunk.ToolCallDelta, _ tools: ResponsesToolMap) {
        if callID.isEmpty, let id = piece.id { callID = id }
        if name.isEmpty, let sent = piece.name, !sent.isEmpty {
            name = sent
            isCustom = piece.kind == .custom
            namespace = piece.extra.string("namespace")
            if namespace == nil, let original = tools.originals[sent] {
                (name, namespace) = (original.name, original.namespace)
                isWrapped = original.isCustom && !isCustom
                isCustom = original.isCustom
            }
            if isCustom { id = "ctc" + id.dropFirst(2) }
        }
        waiting += piece.arguments ?? ""
    }

    /// Takes the free text out of the arguments of the function that stood for the tool.
    mutating func unwrap() {
        guard isWrapped else { return }
        isWrapped = false
        waiting = ResponsesToolMap.input(waiting)
    }

    mutating func add(logprobs list: JSONText) {
        guard let document = try? JSONDocument(list.bytes) else { return }
        document.withView { view in
            for element in view.elements { logprobs.append(element.text.oneLine) }
        }
    }

    /// Ends the open part of a message.
    mutating func settle() {
        guard kind == .message, part != nil else { return }
        parts.append(partJSON)
        (part, text, annotations, logprobs) = (nil, [], [], [])
    }

    /// The text as a JSON string.
    var quotedText: [UInt8] { [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")] }

    /// The log-probabilities as a JSON list.
    var logprobsJSON: [UInt8] {
        var writer = JSONWriter()
        writer.array { writer in
            for element in logprobs { writer.raw(element) }
        }
        return writer.bytes
    }

    /// The open part.
    var partJSON: [UInt8] {
        var writer = JSONWriter(reserving: text.count + 64)
        writer.object { writer in
            if kind == .reasoning {
                writer.member("type", "summary_text")
                writer.key("text")
                writer.raw(quotedText)
            } else if part == .refusal {
                writer.member("type", "refusal")
                writer.key("refusal")
                writer.raw(quotedText)
            } else {
                writer.member("type", "output_text")
                writer.key("annotations")
                writer.array { writer in
                    for annotation in annotations { writer.raw(annotation) }
                }
                writer.key("logprobs")
                writer.raw(logprobsJSON)
                writer.key("text")
                writer.raw(quotedText)
            }
        }
        return writer.bytes
    }

    /// The item as it stands.
    func json(_ status: String) -> [UInt8] {
        if kind == .whole { return text }
        var writer = JSONWriter(reserving: text.count + 128)
        writer.object { writer in
            writer.member("id", id)
            switch kind {
            case .message:
                writer.member("type", "message")
                writer.member("status", status)
                writer.member("role", "assistant")
                writer.key("content")
                writer.array { writer in
                    for part in parts { writer.raw(part) }
                }
            case .reasoning:
                writer.member("type", "reasoning")
                writer.key("summary")
                writer.array { writer in
                    if !text.isEmpty, status != "in_progress" { writer.raw(partJSON) }
                }
                writer.member("encrypted_content", sealed)
            case .call:
                writer.member("type", isCustom ? "custom_tool_call" : "function_call")
                writer.member("status", status)
                writer.member("call_id", callID.isEmpty ? "call_" + id.dropFirst(3) : callID)
                writer.member("name", name)
                writer.member("namespace", namespace)
                isCustom ? writer.key("input") : writer.key("arguments")
                writer.raw(quotedText)
            case .whole: break
            }
        }
        return writer.bytes
    }
}

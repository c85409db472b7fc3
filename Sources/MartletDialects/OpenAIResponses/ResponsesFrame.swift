import MartletCore
import MartletWire

/// The response object around its output: who answers, and what the caller asked for.
struct ResponsesFrame: Sendable {
    /// The id of the response: the gateway's own, unless another's response is ended in its place.
    var id: String
    /// What the ids of items are made of.
    let stem: String
    var created: Int64
    /// The model that answers.
    var model: String?
    /// The tier that served the answer, where the upstream said so.
    var serviceTier: JSONText?
    /// The members that repeat the request.
    private let echo: [UInt8]
    private let fallbackModel: String?

    init(_ context: CallerContext?) {
        if let context {
            let hex = context.id.description.utf8.filter { $0 != UInt8(ascii: "-") }
            stem = String(decoding: hex, as: UTF8.self)
        } else {
            stem = "0"
        }
        id = "resp_" + stem
        created = context?.created ?? 0
        model = nil
        self.fallbackModel = context?.model ?? context?.request?.model
        var writer = JSONWriter(reserving: 512)
        writer.object { Self.echo(context?.request, to: &$0) }
        echo = JSONText(Array(writer.bytes.dropFirst().dropLast())).oneLine
    }

    /// Where a response stands.
    enum Status: String {
        case inProgress = "in_progress"
        case completed, incomplete, failed
    }

    /// How a response ended.
    struct End {
        var status = Status.completed
        /// Why it is incomplete.
        var reason: String?
        var error: (code: String, message: String)?
    }

    /// The object.
    func json(_ end: End, output: [[UInt8]], usage: ChatUsage?) -> [UInt8] {
        var writer = JSONWriter(reserving: output.reduce(echo.count + 512) { $0 + $1.count + 1 })
        writer.object { head(end, output, usage, to: &$0) }
        var bytes = writer.bytes
        bytes.removeLast()
        bytes.append(UInt8(ascii: ","))
        bytes.append(contentsOf: echo)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private func head(_ end: End, _ output: [[UInt8]], _ usage: ChatUsage?, to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("object", "response")
        writer.member("created_at", created)
        writer.member("status", end.status.rawValue)
        writer.key("background")
        writer.bool(false)
        writer.key("error")
        if let error = end.error {
            writer.object { writer in
                writer.member("code", error.code)
                writer.member("message", error.message)
            }
        } else {
            writer.null()
        }
        writer.key("incomplete_details")
        if let reason = end.reason { writer.object { $0.member("reason", reason) } } else { writer.null() }
        writer.member("model", model ?? fallbackModel ?? "")
        writer.key("output")
        writer.array { writer in
            for item in output { writer.raw(item) }
        }
        writer.key("usage")
        if let usage { usage.writeResponses(to: &writer) } else { writer.null() }
        writer.member("service_tier", serviceTier)
    }

    private static func echo(_ request: ChatRequest?, to writer: inout JSONWriter) {
        let extra = request?.extra ?? []
        writer.nullable("instructions", request?.messages.first { $0.isInstructions }?.text)
        writer.nullable("max_output_tokens", (request?.limits.maxCompletionTokens).map(Int64.init))
        writer.nullable("max_tool_calls", extra.value("max_tool_calls"))
        writer.key("metadata")
        writer.object { writer in
            for pair in request?.metadata ?? [] {
                writer.key(Array(pair.name.utf8))
                writer.string(pair.value)
            }
        }
        writer.member("parallel_tool_calls", request?.parallelToolCalls ?? true)
        writer.nullable("previous_response_id", extra.value("previous_response_id"))
        writer.nullable("prompt_cache_key", extra.value("prompt_cache_key"))
        writer.key("reasoning")
        writer.object { writer in
            writer.nullable("effort", request?.reasoningEffort)
            let rest = extra.value("reasoning")
            if rest.map({ !$0.has("summary") }) ?? true {
                writer.key("summary")
                writer.null()
            }
            writer.membersOf(rest)
        }
        writer.nullable("safety_identifier", extra.value("safety_identifier"))
        writer.member("store", extra.value("store") ?? JSONText("true"))
        writer.member("temperature", request?.sampling.temperature ?? 1)
        writer.key("text")
        writer.object { writer in
            writer.key("format")
            (request?.responseFormat ?? .text).writeResponses(to: &writer)
            writer.member("verbosity", extra.value("verbosity"))
            writer.membersOf(extra.value("text"))
        }
        writer.key("tool_choice")
        (request?.toolChoice ?? .auto).writeResponses(to: &writer)
        writer.key("tools")
        writer.array { writer in
            for tool in request?.tools ?? [] { tool.writeResponses(strictDefault: true, to: &writer) }
        }
        writer.nullable("top_logprobs", (request?.sampling.topLogprobs).map(Int64.init))
        writer.member("top_p", request?.sampling.topP ?? 1)
        writer.member("truncation", extra.value("truncation") ?? JSONText(#""disabled""#))
        writer.nullable("user", request?.user)
    }
}

extension JSONWriter {
    fileprivate mutating func nullable(_ name: StaticString, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    fileprivate mutating func nullable(_ name: StaticString, _ value: Int64?) {
        key(name)
        if let value { integer(value) } else { null() }
    }

    fileprivate mutating func nullable(_ name: StaticString, _ value: JSONText?) {
        key(name)
        if let value { raw(value.bytes) } else { null() }
    }
}

extension JSONText {
    /// Whether the value is an object with a member.
    fileprivate func has(_ name: StaticString) -> Bool {
        (try? JSONDocument(bytes))?.withView { $0.member(name) != nil } ?? false
    }
}

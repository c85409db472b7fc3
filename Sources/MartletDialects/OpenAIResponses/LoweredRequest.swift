public import MartletCore
import MartletWire

/// A request of OpenAI's responses in the words of chat completions, for a target that knows nothing else.
///
/// Functions of namespaces are flattened, tools with free text become functions (see ``ResponsesToolMap``), tools that
/// run at the vendor are left out and named, and what the gateway does itself (keeping responses, repeating the request
/// in the answer) is taken away.
public struct LoweredRequest: Hashable, Sendable {
    /// The request as a chat completion's.
    public internal(set) var request: ChatRequest
    /// What was left out, as JSON paths of the caller's body.
    public internal(set) var dropped: [String] = []
    /// Where the messages of ``request`` stood in the caller's body.
    var places: [ResponsesPlace] = []
    /// Where the tools of ``request`` stood in the caller's body.
    var toolPaths: [String] = []

    /// The caller's own path of what a path of ``request`` names.
    public func callerPath(_ path: String) -> String { Self.clipped(place(path)) }

    /// A path without what the caller did not send itself.
    static func clipped(_ path: String) -> String {
        path.hasPrefix("previous_response_id") ? "previous_response_id" : path
    }

    private func place(_ path: String) -> String {
        if let (index, rest) = Self.element("messages", of: path) {
            return places.indices.contains(index) ? places[index].path(rest) : path
        }
        if let (index, rest) = Self.element("tools", of: path) {
            guard toolPaths.indices.contains(index) else { return path }
            return toolPaths[index] + ResponsesPlace.without("function", rest)
        }
        return OpenAIResponsesCodec.callerPath(path)
    }

    /// Takes `name[index]` from the beginning of a path.
    private static func element(_ name: String, of path: String) -> (index: Int, rest: String)? {
        guard path.hasPrefix(name + "["), let end = path.firstIndex(of: "]"),
            let index = Int(path[path.index(path.startIndex, offsetBy: name.utf8.count + 1)..<end])
        else { return nil }
        return (index, String(path[path.index(after: end)...]))
    }
}

/// Where a message's parts stood in the caller's body.
struct ResponsesPlace: Hashable, Sendable {
    /// The message itself.
    var message: String
    /// Its content, where it was one string, or its parts.
    var contents: [String] = []
    var calls: [String] = []
    var reasoning: String?

    /// The caller's path of what stands at a path below the message.
    func path(_ rest: String) -> String {
        if rest == ".content", let only = contents.first { return only }
        if let (index, rest) = Self.element(".content[", rest), contents.indices.contains(index) {
            return contents[index] + Self.part(rest)
        }
        if let (index, rest) = Self.element(".tool_calls[", rest), calls.indices.contains(index) {
            return calls[index] + Self.without("custom", Self.without("function", rest))
        }
        if rest.hasPrefix(".reasoning_content") || rest.hasPrefix(".thinking_blocks") { return reasoning ?? message }
        return message + rest
    }

    private static func element(_ prefix: String, _ rest: String) -> (index: Int, rest: String)? {
        guard rest.hasPrefix(prefix), let end = rest.firstIndex(of: "]"),
            let index = Int(rest[rest.index(rest.startIndex, offsetBy: prefix.utf8.count)..<end])
        else { return nil }
        return (index, String(rest[rest.index(after: end)...]))
    }

    /// A path below a part: here its members are not nested.
    private static func part(_ rest: String) -> String {
        if rest == ".image_url.url" { return ".image_url" }
        return without("file", without("image_url", rest))
    }

    /// A path without the name of the object that chat completions nest members in.
    static func without(_ name: String, _ rest: String) -> String {
        guard rest.hasPrefix("." + name) else { return rest }
        let tail = rest.dropFirst(name.utf8.count + 1)
        return tail.isEmpty || tail.first == "." || tail.first == "[" ? String(tail) : rest
    }
}

extension OpenAIResponsesCodec {
    /// The name in this dialect of a member that has another name in chat completions.
    public static func callerPath(_ path: String) -> String {
        for (name, own) in [
            ("response_format.json_schema", "text.format"), ("response_format", "text.format"),
            ("reasoning_effort", "reasoning.effort"), ("verbosity", "text.verbosity"),
            ("max_completion_tokens", "max_output_tokens"), ("max_tokens", "max_output_tokens"),
            ("logprobs", "include"), ("messages", "input"),
        ] {
            guard path.hasPrefix(name) else { continue }
            let tail = path.dropFirst(name.utf8.count)
            if tail.isEmpty || tail.first == "." || tail.first == "[" { return own + tail }
        }
        return path
    }
}

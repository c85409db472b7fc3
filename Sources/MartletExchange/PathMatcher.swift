public import MartletCore
import MartletRouting

/// Matches paths byte by byte; a path is decoded once, and only where it names a model.
public enum PathMatcher {
    /// The surface whose shapes a request is answered in: of models and files Anthropic's clients hear in their own.
    static func surface(of head: ClientHead) -> Surface {
        let surface = surface(of: head.path)
        guard surface == .openAI, head.vendorFields.contains(where: { $0.name == "anthropic-version" }),
            ["/models", "/files"].contains(where: { head.path.hasSuffix($0) || head.path.contains($0 + "/") })
        else { return surface }
        return .anthropic
    }

    /// The surface whose error shape a path has, known even when the path is not.
    public static func surface(of path: String) -> Surface {
        if path.hasPrefix("/anthropic/") || path.hasPrefix("/v1/messages") { return .anthropic }
        if path.hasPrefix("/api/") { return .ollama }
        for prefix in ["/inference", "/feedback", "/batch_inference"] where path.hasPrefix(prefix) { return .native }
        return .openAI
    }

    /// Finds the endpoint of a path; `nil` when there is none.
    ///
    /// One trailing slash is the same path. Empty segments, `.` and `..` never match anything.
    public static func endpoint(of path: String, basePaths: [String], metricsPath: String) -> EndpointKind? {
        let bytes = path.utf8.span
        for base in basePaths where begins(bytes, with: base.utf8.span) {
            let start = base.utf8.count
            if matches(bytes, from: start, "/chat/completions") { return .chat(.openAIChat) }
            if matches(bytes, from: start, "/responses") { return .chat(.openAIResponses) }
            if matches(bytes, from: start, "/completions") { return .chat(.openAICompletions) }
            if matches(bytes, from: start, "/models") { return .models }
            if matches(bytes, from: start, "/embeddings") { return .embeddings(.openAI) }
            if matches(bytes, from: start, "/fim/completions") { return .fim }
            let rest = path.dropFirst(base.count).trimmingLastSlash
            if let pass = PassThrough(rest) { return .pass(pass) }
            if let response = StoredResponsePath(rest) { return .response(response) }
            if begins(bytes.extracting(start...), with: "/models/".utf8.span) {
                if let id = modelID(path.utf8.dropFirst(start + 8)) { return .model(id) }
            }
        }
        if let endpoint = anthropicEndpoint(path, bytes) { return endpoint }
        if let endpoint = ollamaEndpoint(bytes) { return endpoint }
        if matches(bytes, "/chat") { return .chat(.simpleChat) }
        if matches(bytes, "/live") { return .page(.live) }
        if matches(bytes, "/ready") { return .page(.ready) }
        if matches(bytes, "/health") || matches(bytes, "/status") || matches(bytes, "/ai/v1/health") {
            return .page(.health)
        }
        if matches(bytes, metricsPath) || matches(bytes, "/admin/metrics") { return .page(.metrics) }
        if begins(bytes, with: "/admin/".utf8.span), !path.utf8.contains(UInt8(ascii: ";")), isPlain(path.utf8[...]) {
            return .control
        }
        return nil
    }

    /// What Anthropic's clients call; its list of models has a path of its own beside OpenAI's.
    private static func anthropicEndpoint(_ path: String, _ bytes: Span<UInt8>) -> EndpointKind? {
        for base in ["/v1", "/anthropic/v1"] {
            if matches(bytes, base + "/messages") { return .chat(.anthropicMessages) }
            if matches(bytes, base + "/messages/count_tokens") { return .countTokens }
        }
        if matches(bytes, "/api/hello") { return .page(.hello) }
        if matches(bytes, "/anthropic/v1/models") { return .models }
        let parent = "/anthropic/v1/models/"
        guard begins(bytes, with: parent.utf8.span) else { return nil }
        return modelID(path.utf8.dropFirst(parent.utf8.count)).map { .model($0) }
    }

    /// Ollama's routes; `/` is where its clients look whether it runs.
    private static func ollamaEndpoint(_ path: Span<UInt8>) -> EndpointKind? {
        if path.count == 1, path[0] == UInt8(ascii: "/") { return .ollama(.root) }
        guard begins(path, with: "/api/".utf8.span) else { return nil }
        if matches(path, "/api/chat") { return .chat(.ollamaChat) }
        if matches(path, "/api/generate") { return .chat(.ollamaGenerate) }
        if matches(path, "/api/embed") { return .embeddings(.ollama) }
        if matches(path, "/api/embeddings") { return .embeddings(.ollamaPrompt) }
        if matches(path, "/api/tags") { return .ollama(.tags) }
        if matches(path, "/api/ps") { return .ollama(.processes) }
        if matches(path, "/api/show") { return .ollama(.show) }
        if matches(path, "/api/version") { return .ollama(.version) }
        return nil
    }

    /// Whether more bytes follow a prefix.
    private static func begins(_ path: Span<UInt8>, with prefix: Span<UInt8>) -> Bool {
        guard path.count > prefix.count else { return false }
        for index in prefix.indices where path[index] != prefix[index] { return false }
        return true
    }

    /// Compares what stands from a place on, ignoring one trailing slash.
    private static func matches(_ path: Span<UInt8>, from start: Int = 0, _ other: String) -> Bool {
        let other = other.utf8.span
        let count = path.count - start
        guard count == other.count || (count == other.count + 1 && path[path.count - 1] == UInt8(ascii: "/")) else {
            return false
        }
        for index in other.indices where path[start + index] != other[index] { return false }
        return true
    }

    /// The model a path names: a literal slash is part of the name, one at the end is not.
    private static func modelID(_ rest: String.UTF8View.SubSequence) -> String? {
        let name = withoutLastSlash(rest)
        let isPlain = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
        }
        return isPlain ? decoded(name) : nil
    }

    private static func withoutLastSlash(_ path: String.UTF8View.SubSequence) -> String.UTF8View.SubSequence {
        path.last == UInt8(ascii: "/") ? path.dropLast() : path
    }

    private static func isPlain(_ path: String.UTF8View.SubSequence) -> Bool {
        !withoutLastSlash(path).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
            .contains {
                $0.isEmpty || $0.elementsEqual("..".utf8) || $0.elementsEqual(".".utf8)
                    || $0.contains(UInt8(ascii: "%"))
            }
    }

    /// Percent-decodes a model id once (RFC 3986 §2.1); `nil` when it is no possible model name.
    private static func decoded(_ bytes: String.UTF8View.SubSequence) -> String? {
        var out: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                out.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(hexDigit), let low = iterator.next().flatMap(hexDigit) else {
                return nil
            }
            out.append(high << 4 | low)
        }
        guard (1...256).contains(out.count), out.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        return String(decoding: out, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Substring {
    fileprivate var trimmingLastSlash: Substring { utf8.last == UInt8(ascii: "/") ? dropLast() : self }
}

import MartletCore
import MartletWire

/// Fits a request of Anthropic's format into InvokeModel, and names what does not go in.
struct BedrockAnthropicEnvelope {
    /// The request without what this way to Claude refuses.
    private(set) var request: ChatRequest
    private var dropped = DroppedPaths()
    private var headers: [EncodedRequest.Header] = []
    private var betas: [String] = []

    /// Members that Anthropic's own API has, and that Bedrock refuses.
    private static let foreign: Set<String> = [
        "cache_control", "container", "fallbacks", "inference_geo", "mcp_servers", "service_tier", "speed", "thread",
    ]

    /// The features that can be switched on here; any other makes the whole request invalid.
    ///
    /// - SeeAlso: Amazon Bedrock user guide, "Anthropic Claude Messages API", `anthropic_beta` (read November 2026).
    private static let known: Set<String> = [
        "computer-use-2024-10-22", "computer-use-2025-01-24", "computer-use-2025-11-24", "context-1m-2025-08-07",
        "context-management-2025-06-27", "compact-2026-01-12", "dev-full-thinking-2025-05-14", "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14", "interleaved-thinking-2025-05-14", "output-128k-2025-02-19",
        "token-efficient-tools-2025-02-19", "tool-examples-2025-10-29", "tool-search-tool-2025-10-19",
    ]

    init(_ request: ChatRequest, betas: [String]) {
        self.request = request
        for name in betas {
            if Self.known.contains(name) {
                self.betas.append(name)
            } else {
                dropped.add(DroppedPaths.path("anthropic-beta", name))
            }
        }
        takeExtra()
        for index in self.request.messages.indices { takeScopes(of: index) }
        for index in (self.request.tools ?? []).indices {
            guard case .function(var function)? = self.request.tools?[index] else { continue }
            function.extra = withoutScope(function.extra, at: "tools[\(index)]")
            self.request.tools?[index] = .function(function)
        }
    }

    /// Takes the members that stand elsewhere here, or have no place at all.
    private mutating func takeExtra() {
        var kept: [ExtraMember] = []
        for member in request.extra {
            switch member.name {
            case "anthropic_version": break
            case "guardrailConfig" where member.kind == .object: takeGuardrail(member)
            case "performanceConfig" where member.kind == .object:
                header("x-amzn-bedrock-performanceconfig-latency", member, "latency")
            case "serviceTier" where member.kind == .object:
                header("x-amzn-bedrock-service-tier", member, "type")
            case _ where Self.foreign.contains(member.name):
                if !member.isNull, !member.saysNothing { dropped.add(member.name) }
            default: kept.append(member)
            }
        }
        request.extra = kept
    }

    private mutating func takeGuardrail(_ member: ExtraMember) {
        header("x-amzn-bedrock-guardrailidentifier", member, "guardrailIdentifier")
        header("x-amzn-bedrock-guardrailversion", member, "guardrailVersion")
        guard let document = try? JSONDocument(member.value.bytes) else { return }
        document.withView { view in
            if let trace = view.member("trace")?.string(), let value = Self.visible(trace) {
                headers.append(EncodedRequest.Header("x-amzn-bedrock-trace", value.uppercased()))
            }
            for field in view.members where !field.value.isNull {
                let name = field.key.string() ?? ""
                if !["guardrailIdentifier", "guardrailVersion", "trace"].contains(name) {
                    dropped.add(name, in: "guardrailConfig")
                }
            }
        }
    }

    private mutating func header(_ name: String, _ member: ExtraMember, _ field: StaticString) {
        let value = (try? JSONDocument(member.value.bytes))?.withView { $0.member(field)?.string() } ?? nil
        guard let value = value.flatMap(Self.visible) else { return dropped.add("\(field)", in: member.name) }
        headers.append(EncodedRequest.Header(name, value))
    }

    /// A text that can stand in a header field.
    private static func visible(_ text: String) -> String? {
        1...2_048 ~= text.utf8.count && text.utf8.allSatisfy { 0x21...0x7E ~= $0 } ? text : nil
    }

    /// Takes the member `scope` out of the cache marks of a message.
    private mutating func takeScopes(of index: Int) {
        let isSystem = request.hasLeadingSystem && index == 0
        let path = isSystem ? "system" : "messages[\(request.hasLeadingSystem ? index - 1 : index)].content"
        for place in request.messages[index].parts.indices {
            let path = "\(path)[\(place)]"
            switch request.messages[index].parts[place] {
            case .text(var text):
                text.extra = withoutScope(text.extra, at: path)
                request.messages[index].parts[place] = .text(text)
            case .image(var image):
                image.extra = withoutScope(image.extra, at: path)
                request.messages[index].parts[place] = .image(image)
            case .file(var file):
                file.extra = withoutScope(file.extra, at: path)
                request.messages[index].parts[place] = .file(file)
            case .toolCall(var call):
                call.extra = withoutScope(call.extra, at: path)
                request.messages[index].parts[place] = .toolCall(call)
            case .toolResult(var result):
                result.extra = withoutScope(result.extra, at: path)
                request.messages[index].parts[place] = .toolResult(result)
            case .audio, .refusal, .reasoning, .other: break
            }
        }
    }

    private mutating func withoutScope(_ extra: [ExtraMember], at path: String) -> [ExtraMember] {
        guard let place = extra.firstIndex(where: { $0.name == "cache_control" }),
            let document = try? JSONDocument(extra[place].value.bytes),
            document.withView({ $0.member("scope") != nil })
        else { return extra }
        var writer = JSONWriter()
        document.withView { view in
            writer.object { writer in
                for member in view.members where !member.key.equalsString("scope") {
                    writer.key(member.key)
                    writer.raw(member.value)
                }
            }
        }
        dropped.add("scope", in: path + ".cache_control")
        var extra = extra
        extra[place].value = JSONText(writer.bytes)
        return extra
    }

    /// Puts what was encoded into the envelope.
    func wrap(_ encoded: EncodedRequest) -> EncodedRequest {
        var wrapped = encoded
        wrapped.headers = headers
        wrapped.dropped = dropped.paths + encoded.dropped.filter { !dropped.paths.contains($0) }
        // It was written as an object just now.
        guard let document = try? JSONDocument(encoded.body, limits: JSONLimits(maxDepth: 160)) else { return wrapped }
        var writer = JSONWriter(reserving: encoded.body.count + 64)
        document.withView { view in
            writer.object { writer in
                writer.member("anthropic_version", BedrockAnthropicCodec.version)
                var betas = betas
                for name in view.member("anthropic_beta")?.elements ?? view.elements {
                    // Callers who know Bedrock may write them there.
                    if let name = name.string(), !betas.contains(name) { betas.append(name) }
                }
                if !betas.isEmpty {
                    writer.key("anthropic_beta")
                    writer.array { writer in
                        for name in betas { writer.string(name) }
                    }
                }
                for member in view.members {
                    let key = member.key
                    if key.equalsString("model") || key.equalsString("stream") || key.equalsString("anthropic_beta") {
                        continue
                    }
                    writer.key(key)
                    writer.raw(member.value)
                }
            }
        }
        wrapped.body = writer.bytes
        return wrapped
    }
}

import MartletCore
import MartletWire

/// One `GenerateContentResponse`: a whole answer, or one event of a stream.
struct GeminiAnswer {
    var id: String?
    var model: String?
    var candidates: [Candidate] = []
    var usage: ChatUsage?
    /// Why the prompt was refused; there are no candidates then.
    var blockReason: String?
    /// Unknown members, those about the prompt among them.
    var extra: [ExtraMember] = []

    /// One of the answers, or what is new of it.
    struct Candidate {
        var index: Int
        var parts: [GeminiPart] = []
        var role: ChatRole = .assistant
        var finish: String?
        var finishMessage: String?
        /// The pages that its text rests on.
        var sources: GeminiSources?
        /// Unknown members, and the log-probabilities as a choice of OpenAI's format has them.
        var extra: [ExtraMember] = []
    }

    /// Reads an object.
    ///
    /// - Parameters:
    ///   - view: The object.
    ///   - origin: The account, for marks.
    ///   - seed: What tells calls without ids from those of other answers.
    ///   - callCounts: How many calls each answer had before.
    /// - Throws: ``ChatFailure``: `upstream` for an error, `malformed` for what is no answer.
    init(
        _ view: JSONView,
        origin: String?,
        seed: String? = nil,
        callCounts: [Int: Int] = [:]
    ) throws(ChatFailure) {
        if let failure = UpstreamFailure(geminiAnswer: view) { throw .upstream(failure) }
        guard var reader = try? JSONObjectReader(view) else { throw .malformed("the answer is no object") }
        guard
            view.member("candidates") != nil || view.member("promptFeedback") != nil
                || view.member("usageMetadata") != nil
        else { throw .malformed("the answer has no candidates") }
        self.origin = origin
        self.seed = seed
        id = reader.lenientString("responseId")
        model = reader.lenientString("modelVersion")
        if let list = reader.lenient("candidates", .array) {
            for element in list.elements.prefix(Self.mostCandidates) {
                candidates.append(candidate(element, position: candidates.count, callCounts))
            }
        }
        if let counts = reader.peek("usageMetadata"), let usage = ChatUsage.gemini(counts) {
            self.usage = usage
            _ = reader.take("usageMetadata")
        }
        blockReason = reader.peek("promptFeedback")?.member("blockReason")?.string()
        // The API has no such members; in a chat completion they would stand there twice.
        extra = reader.extra.without("id", "object", "created", "model", "choices", "usage")
    }

    private static let mostCandidates = 64
    private let origin: String?
    private let seed: String?

    private func candidate(_ view: JSONView, position: Int, _ callCounts: [Int: Int]) -> Candidate {
        guard var reader = try? JSONObjectReader(view) else { return Candidate(index: position) }
        var candidate = Candidate(index: reader.lenientInteger("index").flatMap { Int(exactly: $0) } ?? position)
        var calls = callCounts[candidate.index] ?? 0
        if let content = reader.lenientObject("content") {
            var content = content
            if let role = content.lenientString("role"), role != "model", !role.isEmpty {
                candidate.role = ChatRole(name: role)
            }
            for element in content.lenient("parts", .array)?.elements.map({ $0 }) ?? [] {
                let part = GeminiPart(
                    element,
                    callID: { name, arguments in
                        OllamaCalls.madeUpID(
                            (seed.map { [$0] } ?? [])
                                + [id ?? "", String(candidate.index), String(calls), name, arguments]
                        )
                    }
                )
                if case .toolCall? = part.part { calls += 1 }
                candidate.parts.append(part)
            }
        }
        candidate.finish = reader.lenientString("finishReason").flatMap { $0.isEmpty ? nil : $0 }
        candidate.finishMessage = reader.peek("finishMessage")?.string()
        let logprobs = reader.peek("logprobsResult").flatMap(GeminiLogprobs.decode)
        if logprobs != nil { _ = reader.take("logprobsResult") }
        let sources = GeminiSources(
            grounding: reader.peek("groundingMetadata"),
            citations: reader.peek("citationMetadata")
        )
        if !sources.isEmpty { candidate.sources = sources }
        candidate.extra = reader.extra.without("message", "delta", "finish_reason", "logprobs").filter { !$0.isNull }
        if let logprobs { candidate.extra.append(ExtraMember(name: "logprobs", value: logprobs)) }
        return candidate
    }

    /// The whole answer.
    ///
    /// - Throws: ``ChatFailure/upstream(_:)`` where the model failed to write anything.
    func response() throws(ChatFailure) -> ChatResponse {
        if let failure = candidates.lazy.compactMap({ failure(of: $0, hasContent: false) }).first,
            candidates.allSatisfy({ self.failure(of: $0, hasContent: false) != nil })
        {
            throw .upstream(failure)
        }
        var choices: [ChatResponse.Choice] = []
        for candidate in candidates {
            var message = ChatMessage(role: candidate.role, parts: [])
            message.append(candidate.citedParts, origin: origin)
            let images = message.parts.compactMap { if case .image(let image) = $0 { image } else { nil } }
            if !images.isEmpty { message.extra.append(GeminiImages.member(images)) }
            let hasCalls = message.parts.contains { if case .toolCall = $0 { true } else { false } }
            var choice = ChatResponse.Choice(index: candidate.index, message: message, finishReason: nil)
            if let name = candidate.finish {
                (choice.finishReason, choice.vendorReason) = GeminiFinish.decode(name, hasCalls: hasCalls)
            }
            choice.extra = candidate.extra
            choices.append(choice)
        }
        if choices.isEmpty {
            // A prompt that is refused is no failure: the caller gets an answer without content that says so.
            var choice = ChatResponse.Choice(
                index: 0,
                message: ChatMessage(role: .assistant, parts: []),
                finishReason: blockReason == nil ? .stop : .contentFilter
            )
            choice.vendorReason = blockReason
            choices.append(choice)
        }
        var response = ChatResponse(id: id, model: model, choices: choices, usage: usage)
        response.dialect = .gemini
        response.extra = extra
        return response
    }

    /// What a candidate says that ended in a failure of the model before it wrote anything.
    func failure(of candidate: Candidate, hasContent: Bool) -> UpstreamFailure? {
        guard let finish = candidate.finish, GeminiFinish.isFailure(finish), candidate.parts.isEmpty, !hasContent else {
            return nil
        }
        return UpstreamFailure(message: candidate.finishMessage ?? "", type: finish)
    }
}

extension GeminiAnswer.Candidate {
    /// The parts, with the pages that its texts rest on.
    fileprivate var citedParts: [GeminiPart] {
        guard let sources else { return parts }
        var parts = parts
        let texts = parts.map { part -> [UInt8]? in
            if case .text(let text)? = part.part { Array(text.text.utf8) } else { nil }
        }
        for (place, citations) in sources.citations(in: texts) {
            guard case .text(var text)? = parts[place].part, let member = URLCitation.member(citations) else {
                continue
            }
            text.extra.append(member)
            parts[place].part = .text(text)
        }
        return parts
    }
}

extension ChatMessage {
    /// Adds parts, each with its signature at its place.
    mutating func append(_ added: [GeminiPart], origin: String?) {
        for part in added {
            switch part.part {
            case .reasoning(var reasoning)?:
                if reasoning.text.isEmpty, part.signature == nil { continue }
                let sealed = part.sealed(by: origin, closes: false)
                (reasoning.signature, reasoning.origin) = (sealed?.signature, sealed?.origin)
                parts.append(.reasoning(reasoning))
            case .toolCall(var call)?:
                if let sealed = part.sealed(by: origin, closes: false), let signature = part.signature {
                    parts.append(.reasoning(sealed))
                    call.extra =
                        [GeminiSignature.member(signature, origin: origin)] + call.extra.without("extra_content")
                }
                parts.append(.toolCall(call))
            case let other:
                let sealed = part.sealed(by: origin, closes: true)
                if case .text(let text)? = other, text.text.isEmpty, text.extra.isEmpty, sealed == nil { continue }
                if let other { parts.append(other) }
                if let sealed { parts.append(.reasoning(sealed)) }
            }
        }
    }
}

extension GeminiPart {
    /// The part's signature as a piece of sealed reasoning; `nil` when it bears none.
    fileprivate func sealed(by origin: String?, closes: Bool) -> ChatReasoning? {
        signature.map {
            ChatReasoning("", signature: GeminiSignature.marked($0, origin: origin, closes: closes), origin: origin)
        }
    }
}

/// Pictures of an answer as clients of chat completions know them from other gateways.
enum GeminiImages {
    static func member(_ images: [ChatImage]) -> ExtraMember {
        var writer = JSONWriter()
        writer.array { writer in
            for (index, image) in images.enumerated() {
                writer.object { writer in
                    writer.member("type", "image_url")
                    writer.member("index", index)
                    writer.key("image_url")
                    writer.object { $0.member("url", image.url) }
                }
            }
        }
        return ExtraMember(name: "images", value: JSONText(writer.bytes))
    }
}

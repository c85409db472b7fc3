import MartletCore
import MartletDialects
import NIOCore

/// All that a whole answer in the caller's format is made of, so that it can be made on any thread.
struct AnswerWork: Sendable {
    let upstream: any ChatCodec
    let caller: any ChatCodec
    let passes: Bool
    let renamedTools: [String: String]
    /// What stands for an answer's own id, time and model, where it has none.
    let id: String
    let created: Int64
    let model: String?
    var structured: StructuredOutput?
    let body: ByteBuffer
    /// How long it took, for formats that tell.
    let durations: AnswerDurations

    /// What comes of an answer.
    struct Outcome: Sendable {
        let step: Step
        /// What this answer used, as the target told.
        let usage: Usage?
        /// Bytes of text, reasoning and arguments.
        let contentBytes: Int
        /// Whether the reason to stop says that the answer is not complete; its caller sees the reason.
        var endsBroken = false

        enum Step: Sendable {
            /// The bytes are no answer; what they used was used all the same.
            case failed(ChatFailure)
            /// The answer for the caller.
            case answer(ByteBuffer)
            /// The answer has not the shape that was asked for: the body of a request that asks once more.
            case repair([UInt8], renamedTools: [String: String], StructuredOutput)
            /// There is no answer for the caller.
            case refuse(GatewayError)
        }
    }

    /// Reads the answer, and translates it where the bytes do not pass.
    func outcome() -> Outcome {
        let bytes = Array(body.readableBytesView)
        do throws(ChatFailure) {
            return outcome(try answer(bytes))
        } catch {
            return Outcome(step: .failed(error), usage: upstream.usage(ofRefused: bytes), contentBytes: 0)
        }
    }

    private func answer(_ bytes: [UInt8]) throws(ChatFailure) -> ChatResponse {
        let response = try upstream.decodeResponse(bytes)
        guard !response.choices.isEmpty else { throw .malformed("the answer has no choices") }
        if upstream.tellsWhyItEnds,
            response.choices.contains(where: { $0.finishReason == nil && $0.vendorReason == nil })
        {
            throw .malformed("the answer does not say why it ended")
        }
        return response
    }

    private func outcome(_ answer: ChatResponse) -> Outcome {
        var response = answer
        let usage = response.usage?.counts
        let text = response.choices.reduce(0) { sum, choice in
            sum + choice.message.text.utf8.count + (choice.message.reasoning?.utf8.count ?? 0)
                + choice.message.toolCalls.reduce(0) { $0 + $1.name.utf8.count + $1.arguments.utf8.count }
        }
        var endsBroken = false
        for choice in response.choices {
            guard let failure = choice.breakOff else { continue }
            // Nothing was sent: only a caller who can tell sees what there is of it.
            guard text > 0, passes || caller.tellsAnyReason && choice.tellsOwnReason else {
                return Outcome(step: .failed(.upstream(failure)), usage: usage, contentBytes: text)
            }
            endsBroken = true
        }
        func outcome(_ step: Outcome.Step) -> Outcome {
            Outcome(step: step, usage: usage, contentBytes: text, endsBroken: endsBroken)
        }
        if passes { return outcome(.answer(body)) }
        // Answers are read by clients that do sums with the parts.
        if let counts = response.usage?.counts { response.usage?.counts = counts.fitted() }
        response.id = response.id ?? id
        response.created = response.created ?? created
        response.model = response.model ?? model
        response.restoreToolNames(renamedTools)
        if var structured {
            switch structured.check(response) {
            case .accept(let checked): response = checked
            case .fail(let error): return outcome(.refuse(error))
            case .repair(let request):
                do throws(GatewayError) {
                    let encoded = try upstream.encodeRequest(request)
                    return outcome(.repair(encoded.body, renamedTools: encoded.renamedTools, structured))
                } catch {
                    return outcome(.refuse(error))
                }
            }
        }
        let bytes =
            (caller as? any TimedCodec)?.encodeResponse(response, durations: durations)
            ?? caller.encodeResponse(response)
        return outcome(.answer(ByteBuffer(bytes: bytes)))
    }
}

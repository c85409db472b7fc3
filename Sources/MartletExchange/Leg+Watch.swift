import MartletCore
import MartletDialects
import MartletRouting
import MartletWire
import NIOCore

extension Leg {
    /// What one read of a stream has brought.
    struct Step {
        /// Whole events that may go to the client.
        var sendable = ByteBuffer()
        /// Whether the stream has shown content by now.
        var contentBegan = false
        /// Whether this read brought content.
        var hasContent = false
        /// Whether the end mark was seen.
        var isDone = false
        /// Why the stream is of no more use.
        var failure: ChatFailure?
    }

    /// Watches one read: whole events come out, without those the caller did not ask for; the rest waits in `pending`.
    mutating func watch(_ bytes: ByteBuffer) -> Step {
        if let step = translation?.value.watch(bytes) { return step }
        var step = Step()
        let before = watcher?.contentEvents ?? 0
        unsafe bytes.withUnsafeReadableBytes { unsafe watcher?.watch($0, into: &report) }
        let start = bytes.readerIndex
        if pending.readableBytes == 0, report.cuts.isEmpty {
            step.sendable = bytes.getSlice(at: start, length: max(0, report.sendEnd)) ?? ByteBuffer()
        } else {
            gather(bytes, into: &step.sendable)
        }
        keepRest(of: bytes)
        step.contentBegan = watcher?.contentBegan ?? false
        step.hasContent = (watcher?.contentEvents ?? 0) > before
        step.isDone = report.done != nil
        step.failure = watcher?.failure
        return step
    }

    /// Copies what may be sent, around the events that are left out.
    private func gather(_ bytes: ByteBuffer, into sendable: inout ByteBuffer) {
        var position = -pending.readableBytes
        for cut in report.cuts {
            copy(position..<max(position, cut.lowerBound), bytes, &sendable)
            position = cut.upperBound
        }
        copy(position..<max(position, report.sendEnd), bytes, &sendable)
    }

    /// Copies a range that may begin in the bytes held from earlier reads, which end where this read begins.
    private func copy(_ range: Range<Int>, _ bytes: ByteBuffer, _ out: inout ByteBuffer) {
        if range.lowerBound < 0 {
            let end = min(0, range.upperBound)
            let from = pending.readerIndex + pending.readableBytes + range.lowerBound
            if let part = pending.getSlice(at: from, length: end - range.lowerBound) { out.writeImmutableBuffer(part) }
        }
        let start = max(0, range.lowerBound)
        if range.upperBound > start,
            let part = bytes.getSlice(at: bytes.readerIndex + start, length: range.upperBound - start)
        {
            out.writeImmutableBuffer(part)
        }
    }

    private mutating func keepRest(of bytes: ByteBuffer) {
        let end = report.sendEnd
        if end < 0 {
            pending.moveReaderIndex(forwardBy: min(pending.readableBytes, pending.readableBytes + end))
            pending.writeImmutableBuffer(bytes)
        } else if end < bytes.readableBytes {
            // A copy, so that a few held bytes do not keep a whole read in memory.
            pending.clear()
            if let rest = bytes.getSlice(at: bytes.readerIndex + end, length: bytes.readableBytes - end) {
                pending.writeImmutableBuffer(rest)
            }
        } else if pending.readableBytes > 0 {
            pending = ByteBuffer()
        }
    }

    /// What the body of a stream claims to be.
    var streamMedia: UpstreamHead.Media { translation?.value.streamMedia ?? .eventStream }

    /// What the end of the upstream's bytes means for its stream.
    mutating func endOfStream() -> OpenAIChatWatcher.End? { translation?.value.finish() ?? watcher?.finish() }

    /// Whether its bytes pass, with the translation only watching.
    var passesBytes: Bool { translation?.value.passes ?? false }

    /// Whether what went to the client ends with a whole event.
    var isBetweenEvents: Bool { translation != nil || pending.readableBytes == 0 }

    /// Whether the reason to stop was seen.
    var finishSeen: Bool { translation?.value.finishSeen ?? watcher?.finishSeen ?? false }

    /// Whether the reason to stop says that the answer is not complete.
    var endsBroken: Bool { translation?.value.endsBroken ?? watcher?.endsBroken ?? false }

    /// Bytes of the answer's text so far.
    var contentBytes: Int { translation?.value.contentBytes ?? watcher?.contentBytes ?? 0 }

    /// The usage as far as it was told; the output of a stream that is not over counts as what was seen of it.
    var reportedUsage: Usage? {
        guard let translation = translation?.value else { return watcher?.usage }
        guard var usage = translation.usage, !translation.finishSeen else { return translation.usage }
        let seen = Usage.estimatedTokens(textBytes: translation.contentBytes)
        if seen > usage.outputTokens {
            usage.outputTokens = seen
            usage.estimated = true
        }
        return usage
    }

    /// A 2xx that is an error, or no answer at all, in terms of the failure table.
    func failure(for failure: ChatFailure) -> AttemptFailure {
        guard case .upstream(let upstream) = failure else { return AttemptFailure(.badResponse, status: status) }
        return AttemptFailure(status: Self.impliedStatus(of: upstream), code: upstream.name, retryAfter: nil)
    }

    /// The body of an error that came where an answer was expected, in the caller's format: as it came, or made from an
    /// event of a stream.
    func errorBody(of failure: UpstreamFailure, status: Int) -> ByteBuffer {
        if let translation = translation?.value {
            return translation.errorBody(of: failure, status: status, whole: phase == .wholeBody ? held : nil)
        }
        if phase == .wholeBody { return held }
        return ByteBuffer(bytes: OpenAIChatError.encode(failure, status: status))
    }

    /// The status an error would have had, from its typed code; a numeric code is a status (OpenRouter, vLLM).
    private static func impliedStatus(of failure: UpstreamFailure) -> Int {
        if let code = failure.code.flatMap({ Int($0) }), (400..<600).contains(code) { return code }
        switch failure.name {
        case "rate_limit_exceeded", "rate_limit_error", "insufficient_quota", "requests", "tokens": return 429
        case "invalid_api_key", "authentication_error": return 401
        case "overloaded_error": return 529
        case "permission_error": return 403
        case "model_not_found", "not_found_error": return 404
        case "context_length_exceeded", "content_filter", "content_policy_violation", "invalid_request_error",
            "exceed_context_size_error":
            return 400
        default: return 500
        }
    }
}

extension UpstreamFailure {
    /// The name of the error: its code, unless that merely repeats a status (llama-server, vLLM), else its type.
    var name: String? {
        guard let code, Int(code) == nil else { return type ?? code }
        return code
    }
}

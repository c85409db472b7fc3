import MartletCore
import MartletDialects
import MartletRouting
import MartletWire
import NIOCore

/// A request body, gathered into one contiguous buffer and scanned as it comes.
struct RequestBody {
    private(set) var buffer = ByteBuffer()
    private var scanner = JSONScanner()
    private(set) var heldBytes = 0
    /// What is known of a form.
    private(set) var upload: Boxed<UploadedForm>?

    /// Bytes so far.
    var count: Int { buffer.readableBytes + (upload?.value.written ?? 0) }

    /// Adds a read; the first one is adopted without a copy.
    ///
    /// - Parameter announced: The length the client announced: a hint for one reservation, not a promise.
    mutating func append(_ bytes: ByteBuffer, announced: Int?) {
        let count = bytes.readableBytes
        heldBytes += count
        guard buffer.readableBytes > 0 else {
            buffer = bytes.slice()
            return
        }
        if buffer.writableBytes < count, let announced {
            buffer.reserveCapacity(min(announced, max(Self.reservation, 2 * buffer.readableBytes)))
        }
        buffer.writeImmutableBuffer(bytes)
    }

    /// Bytes reserved at once on the word of a client.
    private static let reservation = 1 << 20

    /// Reads the fields of a form as it comes.
    mutating func readForm(_ bytes: ByteBuffer, contentType: String) throws(MultipartForm.FormError) {
        if upload == nil {
            upload = Boxed(
                UploadedForm(form: try MultipartForm(contentType: contentType, keeping: UploadedForm.wanted))
            )
        }
        try upload?.value.form.read(bytes.readableBytesUInt8Span)
    }

    /// The bytes that are to leave memory now, if there are enough of them.
    mutating func nextWrite() -> UploadWrite? {
        guard let form = upload?.value, form.file != nil || buffer.readableBytes > UploadedForm.memoryLimit else {
            return nil
        }
        return UploadWrite(file: form.file, offset: form.written, bytes: buffer)
    }

    /// Drops the bytes that stand in a file now; tells how many they were.
    mutating func written(to file: any UploadFile) -> Int {
        let count = buffer.readableBytes
        upload?.value.file = file
        upload?.value.written += count
        heldBytes -= count
        buffer = ByteBuffer()
        return count
    }

    /// Counts bytes that are held beside the body.
    mutating func hold(_ count: Int) { heldBytes += count }

    mutating func scan() throws(JSONError) {
        let bytes = buffer
        try scanner.scan(bytes.readableBytesUInt8Span)
    }

    mutating func finish() throws(JSONError) {
        let bytes = buffer
        try scanner.finish(bytes.readableBytesUInt8Span)
    }

    /// What the gateway needs to know of a body in a dialect.
    ///
    /// - Parameter isCount: Whether only the tokens of it are asked for.
    func facts(_ dialect: Dialect, isCount: Bool = false) throws(GatewayError) -> RequestFacts {
        try unsafe reading { (bytes, scanner) throws(GatewayError) in
            isCount
                ? unsafe try AnthropicMessagesFacts.read(bytes, scanner: scanner, isCount: true)
                : unsafe try dialect.facts(bytes, scanner: scanner)
        }
    }

    /// Looks at the bytes and what the scanner knows of them.
    func reading<Facts>(
        _ read: (UnsafeRawBufferPointer, borrowing JSONScanner) throws(GatewayError) -> Facts
    ) throws(GatewayError) -> Facts {
        var result: Result<Facts, GatewayError>?
        unsafe buffer.withUnsafeReadableBytes { bytes in
            do throws(GatewayError) {
                result = .success(unsafe try read(bytes, scanner))
            } catch {
                result = .failure(error)
            }
        }
        guard let result else { throw GatewayError(.internalError, "The body cannot be read.") }
        return try result.get()
    }

    /// A hash of the beginning of the prompt; `nil` when there is none.
    func promptPrefix(salt: UInt64) -> UInt64? {
        unsafe buffer.withUnsafeReadableBytes { unsafe PromptPrefix.hash($0, scanner: scanner, salt: salt) }
    }

    /// Whether a body that was sent as a chat is one of the responses API.
    var isResponsesShaped: Bool {
        unsafe buffer.withUnsafeReadableBytes { unsafe OpenAIResponsesShape.isResponses($0, scanner: scanner) }
    }

    /// Whether the request has a top-level member of this name.
    func hasMember(_ name: String) -> Bool { member(name) != nil }

    /// The top-level member of a name.
    func member(_ name: String) -> JSONMember? {
        let view = buffer.readableBytesView
        let start = view.startIndex
        return scanner.members.first {
            view[(start + $0.key.lowerBound)..<(start + $0.key.upperBound)].elementsEqual(name.utf8)
        }
    }

    /// The body for a target of the caller's own dialect: the caller's bytes around the members that change.
    func spliced(_ dialect: Dialect, for target: Target, facts: RequestFacts) -> SplicedBody {
        SplicedBody(original: buffer, edits: edits(dialect, for: target, facts: facts))
    }

    /// The same for a chat, with what the target's quirks ask for and what is left out because of them.
    func chat(_ dialect: Dialect, for target: Target, facts: RequestFacts) -> (body: SplicedBody, dropped: [String]) {
        var dropped = target.quirks.dropParams.filter { hasMember($0) }
        guard dialect == .openAIChat, let quirks = target.quirks.chat, quirks.touchesRequests else {
            return (spliced(dialect, for: target, facts: facts), dropped)
        }
        var edits = edits(dialect, for: target, facts: facts)
        let more = unsafe buffer.withUnsafeReadableBytes { bytes in
            unsafe OpenAIChatQuirkEdits.add(quirks, to: &edits, bytes, scanner: scanner, facts: facts)
        }
        for path in more where !dropped.contains(path) { dropped.append(path) }
        return (SplicedBody(original: buffer, edits: edits), dropped)
    }

    /// The members that change in a body for a target of the caller's own dialect.
    func edits(_ dialect: Dialect, for target: Target, facts: RequestFacts) -> JSONSplice {
        Self.edits(buffer, scanner, dialect, for: target, facts: facts)
    }

    /// Work that makes these edits on any thread.
    func editing(_ dialect: Dialect, for target: Target, facts: RequestFacts) -> @Sendable () -> JSONSplice {
        let (buffer, scanner) = (buffer, scanner)
        return { Self.edits(buffer, scanner, dialect, for: target, facts: facts) }
    }

    private static func edits(
        _ buffer: ByteBuffer,
        _ scanner: JSONScanner,
        _ dialect: Dialect,
        for target: Target,
        facts: RequestFacts
    ) -> JSONSplice {
        unsafe buffer.withUnsafeReadableBytes { bytes in
            var edits = unsafe dialect.edits(
                bytes,
                scanner: scanner,
                facts: facts,
                upstreamModel: target.upstreamModel,
                acceptsStreamUsage: target.quirks.acceptsStreamUsage,
                dropParams: target.quirks.dropParams
            )
            if dialect.setsCacheMarks(for: target, facts) {
                unsafe AnthropicCacheSplice.addMarks(
                    to: &edits,
                    bytes,
                    scanner: scanner,
                    mode: target.quirks.promptCache,
                    model: target.upstreamModel
                )
            }
            return edits
        }
    }

    /// Whether a member of some object in the body may be called `url`; cheap, and now and then wrong.
    var mayNameAddress: Bool {
        let name = Array("\"url\"".utf8)
        return unsafe buffer.withUnsafeReadableBytes { bytes in
            var place = 0
            while place + name.count <= bytes.count {
                if unsafe bytes[place] == name[0], unsafe bytes[place + 1] == name[1],
                    unsafe bytes[place..<place + name.count].elementsEqual(name)
                {
                    return true
                }
                place += 1
            }
            return false
        }
    }

    /// The body's bytes.
    var bytes: [UInt8] { Array(buffer.readableBytesView) }

    /// Takes the bytes out.
    mutating func take() -> ByteBuffer {
        defer { buffer = ByteBuffer() }
        return buffer
    }

    /// Drops the bytes and what is known of them; tells how many were held.
    mutating func drop() -> Int {
        let held = heldBytes
        self = RequestBody()
        return held
    }
}

extension Dialect {
    /// Whether a body of this dialect gets marks of the prompt cache on its way to a target; what goes on with a turn that the
    /// provider keeps is no whole prompt.
    func setsCacheMarks(for target: Target, _ facts: RequestFacts) -> Bool {
        (self == .anthropicMessages || self == .anthropicVertex) && target.quirks.promptCache != .off
            && facts.thread == nil
    }
}

extension Exchange {
    /// The request of a leg; what it leaves out is named to the caller once the leg has answered.
    mutating func upstreamRequest(of index: Int, for target: Target) -> UpstreamRequest {
        let request = writtenRequest(of: index, for: target)
        if let ignored = ignoredOverrides?.value { call?.legs[index].dropped += ignored }
        if facts.gatewayMembers.contains(.credentials) { call?.legs[index].dropped.append("tensorzero::credentials") }
        // Named with an error of the target's, too; of two legs the one that answers has the last word.
        if let dropped = call?.legs[index].dropped { answer.dropped = dropped }
        return request
    }

    private mutating func writtenRequest(of index: Int, for target: Target) -> UpstreamRequest {
        if let translated = call?.legs[index].request?.value {
            call?.legs[index].dropped = translated.dropped
            return translated.request
        }
        if let run = embedding?.value, let request = run.pending {
            call?.legs[index].dropped = run.dropped
            return request
        }
        if let passThrough { return passedRequest(passThrough, for: target) }
        // The caller's own dialect, watched by the marks of its events.
        let written = body.chat(format.request, for: target, facts: facts)
        call?.legs[index].dropped = written.dropped
        return UpstreamRequest(
            path: Dialect.openAIChat.chatPath(model: target.upstreamModel, stream: facts.stream),
            accept: facts.stream ? Dialect.openAIChat.streamType : "application/json",
            body: written.body
        )
    }

    /// Whether the answer to an ask is still waited for.
    public func waits(for ask: AskID) -> Bool { pendingAsk == ask && stage != .done }
}

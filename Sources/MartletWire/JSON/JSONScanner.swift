/// Checks one JSON document strictly while it arrives, in a single pass.
///
/// Call ``scan(_:)-(UnsafeRawBufferPointer)`` with everything received so far, as often as bytes arrive, and
/// ``finish(_:)-(UnsafeRawBufferPointer)`` once at the end. The scanner goes on where it stopped, keeps offsets only and
/// never a pointer: the buffer may move between calls, but the bytes already scanned must stay the same. Where the input
/// is cut makes no difference to results or errors.
///
/// Accepted is exactly RFC 8259 with these restrictions: strict UTF-8 without byte order mark, no lone surrogate
/// escapes, no duplicate keys within one object (compared byte by byte after decoding escapes), ``JSONLimits``, and less
/// than 4 GiB.
///
/// - Complexity: O(n) time. Memory is O(depth + keys of the objects that are open).
public struct JSONScanner: Sendable {
    /// The limits that the document must keep.
    public let limits: JSONLimits
    /// The members of the top-level object, in order.
    ///
    /// Empty for every other document, and complete after `finish`.
    public private(set) var members: [JSONMember] = []

    private let seed: JSONKeySeed
    private var state = JSONScannerState()
    private var stack: [JSONRecord] = []
    private var index = JSONKeyIndex()
    private var failure: JSONError?
    private var root: JSONKind?

    /// Creates a scanner for one document.
    ///
    /// - Parameter limits: The limits that the document must keep.
    public init(limits: JSONLimits = JSONLimits()) {
        self.limits = limits
        self.seed = JSONKeySeed.process
    }

    /// The type of the document's one value, known soon after its first byte.
    public var rootKind: JSONKind? { root }

    /// The bytes of the document's one value, without surrounding white space; `nil` before its end.
    public var rootRange: Range<Int>? { state.phase == .end ? state.rootStart..<state.rootEnd : nil }

    /// The number of bytes checked so far.
    public var scannedBytes: Int { state.position }

    /// The total length, in bytes of UTF-8 after decoding, of the strings that are likely to be prompt text.
    ///
    /// These are the string values of members named `content`, `text`, `input`, `prompt`, `system` or `instructions`, and
    /// the strings directly inside an array that is the value of `input` or `prompt`, at any depth.
    public var textBytes: Int { state.textBytes }

    /// The number of object members named `image_url`, `input_image`, `image` or `source`, at any depth.
    public var imageParts: Int { state.imageParts }

    /// Checks the bytes that are new since the last call.
    ///
    /// - Parameter buffer: All bytes of the document received so far.
    /// - Throws: ``JSONError`` for the first violation; every later call throws the same error.
    public mutating func scan(_ buffer: UnsafeRawBufferPointer) throws(JSONError) {
        if let failure { throw failure }
        guard let bytes = unsafe JSONBytes(buffer), bytes.count > state.position else { return }
        guard bytes.count <= UInt32.max else { throw fail(.tooLarge, at: Int(UInt32.max)) }
        // The loop works on a local stack, so that it needs neither exclusivity nor uniqueness checks.
        var stack: [JSONRecord] = []
        swap(&stack, &self.stack)
        defer { swap(&stack, &self.stack) }
        while true {
            switch run(bytes, &stack) {
            case .needsMoreInput, .canRunFast: return
            case .needsMoreStack:
                if stack.isEmpty {
                    stack = Array(repeating: JSONRecord(first: 0, second: 0), count: 32)
                } else {
                    stack.append(contentsOf: repeatElement(JSONRecord(first: 0, second: 0), count: stack.count))
                }
            case .failed(let kind, let offset): throw fail(kind, at: offset)
            }
        }
    }

    /// Checks the bytes that are new since the last call.
    ///
    /// - Parameter bytes: All bytes of the document received so far.
    /// - Throws: ``JSONError`` for the first violation; every later call throws the same error.
    public mutating func scan(_ bytes: borrowing Span<UInt8>) throws(JSONError) {
        try unsafe bytes.withUnsafeBytes { (buffer) throws(JSONError) in try unsafe scan(buffer) }
    }

    /// Checks the bytes that are new since the last call, and that the document is complete.
    ///
    /// - Parameter buffer: All bytes of the document.
    /// - Throws: ``JSONError``, with ``JSONError/Kind/incomplete`` when the document is not.
    public mutating func finish(_ buffer: UnsafeRawBufferPointer) throws(JSONError) {
        try unsafe scan(buffer)
        if state.phase == .number, state.depth == 0, state.number.isComplete, state.position == buffer.count {
            state.phase = .end
            state.rootEnd = state.position
        }
        guard state.phase == .end, state.position == buffer.count else { throw fail(.incomplete, at: buffer.count) }
    }

    /// Checks the bytes that are new since the last call, and that the document is complete.
    ///
    /// - Parameter bytes: All bytes of the document.
    /// - Throws: ``JSONError``, with ``JSONError/Kind/incomplete`` when the document is not.
    public mutating func finish(_ bytes: borrowing Span<UInt8>) throws(JSONError) {
        try unsafe bytes.withUnsafeBytes { (buffer) throws(JSONError) in try unsafe finish(buffer) }
    }

    private mutating func fail(_ kind: JSONError.Kind, at offset: Int) -> JSONError {
        let error = JSONError(kind: kind, offset: offset)
        failure = error
        return error
    }

    private mutating func run(_ bytes: JSONBytes, _ stack: inout [JSONRecord]) -> JSONScanOutcome {
        let loop = JSONScanLoop(bytes: bytes, seed: seed, maxDepth: limits.maxDepth, maxKeys: limits.maxKeys)
        var records = stack.mutableSpan
        var outcome = loop.run(&state, &records, &index, &members)
        while case .canRunFast = outcome {
            loop.runFast(&state, &records, &index, &members)
            outcome = loop.run(&state, &records, &index, &members)
        }
        if root == nil, state.depth > 0 || state.phase != .value {
            root = JSONKind(firstByte: bytes.byte(state.rootStart))
        }
        return outcome
    }
}

// Compiles a schema and checks a document with it; a zero byte stands between them. Whatever they are, work is bounded,
// nothing traps, and the verdict is the same each time. Without a document the input is tried as a pattern too.

/// Runs one input.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { part in Array(part) }
    if parts.count == 1 {
        var steps = 100_000
        if let pattern = try? JSONPattern(input) { _ = pattern.occurs(in: input, steps: &steps) }
    }
    guard let document = try? JSONDocument(parts[0]) else { return 0 }
    let limits = JSONSchemaLimits(maxSteps: 200_000, maxDepth: 200)
    guard let schema = try? JSONSchema(document, limits: limits, assertsFormats: true) else { return 0 }
    precondition(schema.unchecked.count <= 64)
    guard let other = try? JSONDocument(parts.last ?? []) else { return 0 }
    let verdict = schema.check(other)
    precondition(verdict == schema.check(other))
    if case .invalid(let violations) = verdict {
        precondition(!violations.isEmpty && violations.count <= limits.maxViolations)
    }
    return 0
}

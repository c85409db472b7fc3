// A libFuzzer target for the JSON code. It is compiled together with the sources, as one module:
//
//     swiftc -O -sanitize=fuzzer,address -parse-as-library Sources/MartletWire/JSON/*.swift \
//         Sources/MartletWire/JSON/Internal/*.swift Fuzz/JSONFuzz.swift -o json-fuzz
//     ./json-fuzz Fuzz/Corpus/json

/// Runs one input; a broken promise traps, which the fuzzer reports.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    // The first byte steers where the input is cut and how it is edited; the rest is the document.
    guard count > 0 else { return 0 }
    let steer = Int(data[0])
    let bytes = [UInt8](UnsafeBufferPointer(start: data + 1, count: count - 1))
    let limits = JSONLimits(maxDepth: steer & 1 == 0 ? 128 : 4, maxKeys: steer & 2 == 0 ? 1_000_000 : 20)

    let whole = verdict(bytes, limits, cuts: [])
    let cut = bytes.isEmpty ? 0 : (steer &* 131) % (bytes.count + 1)
    check(verdict(bytes, limits, cuts: [cut]) == whole, "one cut changes the verdict")
    check(verdict(bytes, limits, cuts: [cut / 2, cut, (cut + bytes.count) / 2]) == whole, "cuts change the verdict")
    if bytes.count < 300 { check(verdict(bytes, limits, cuts: Array(0...bytes.count)) == whole, "byte by byte") }

    // Views must not trap even on bytes that nobody checked.
    bytes.withUnsafeBytes { buffer in
        if let view = JSONView(validated: buffer) { _ = walk(view, depth: 0) }
    }
    if whole.error == nil {
        edit(bytes, steer: steer, limits: limits)
        copy(bytes)
    }
    return 0
}

private struct Verdict: Equatable {
    var error: JSONError?
    var kind: JSONKind?
    var range: Range<Int>?
    var members: [JSONMember] = []
    var textBytes = 0
    var imageParts = 0
}

private func verdict(_ bytes: [UInt8], _ limits: JSONLimits, cuts: [Int]) -> Verdict {
    var scanner = JSONScanner(limits: limits)
    do {
        for cut in cuts { try scanner.scan(Array(bytes[..<cut]).span) }
        try scanner.finish(bytes.span)
    } catch {
        check(error.offset >= 0 && error.offset <= bytes.count, "an offset outside of the document")
        return Verdict(error: error)
    }
    return Verdict(
        kind: scanner.rootKind,
        range: scanner.rootRange,
        members: scanner.members,
        textBytes: scanner.textBytes,
        imageParts: scanner.imageParts
    )
}

/// Touches everything in a value and counts it.
private func walk(_ view: JSONView, depth: Int) -> Int {
    guard depth < 200 else { return 1 }
    var count = 1
    _ = view.int64()
    _ = view.double()
    _ = view.string()
    _ = view.hasEscapes
    _ = view.member("text")
    for member in view.members {
        _ = member.key.equalsString("content")
        count += walk(member.value, depth: depth + 1)
    }
    for element in view.elements { count += walk(element, depth: depth + 1) }
    return count
}

/// Edits every object, and checks that the result is valid and as large as announced.
private func edit(_ bytes: [UInt8], steer: Int, limits: JSONLimits) {
    var splice = JSONSplice()
    var turn = steer
    func visit(_ view: JSONView) {
        for element in view.elements { visit(element) }
        guard let layout = view.objectLayout else { return }
        for (index, member) in view.members.enumerated() {
            turn = turn &* 1_103_515_245 &+ 12345
            switch (turn >> 16) & 3 {
            case 0: splice.removeMember(index, of: layout)
            case 1: splice.replace(member.value.range, with: Array("[0]".utf8))
            default: visit(member.value)
            }
        }
        // A key that is longer than the document cannot be in it.
        let name = [UInt8](repeating: 0x22, count: min(bytes.count, 4096) + 1)
        if turn & 0x100000 != 0, bytes.count < 4096 {
            splice.insertMember(name, value: Array("1".utf8), into: layout, at: turn & 0x200000 == 0 ? .start : .end)
        }
    }
    do {
        try JSON.withView(of: bytes) { view in visit(view) }
        let result = splice.render(bytes)
        check(JSONSplice.length(of: splice.pieces(originalLength: bytes.count)) == result.count, "length of pieces")
        try JSON.withView(of: result) { view in _ = walk(view, depth: 0) }
    } catch {
        check(false, "a spliced document is invalid: \(error)")
    }
}

/// Writes a document anew, and checks that every string means what it meant.
private func copy(_ bytes: [UInt8]) {
    func write(_ view: JSONView, _ writer: inout JSONWriter) {
        switch view.kind {
        case .object:
            writer.object { writer in
                for member in view.members {
                    writer.key(decoded(member.key))
                    write(member.value, &writer)
                }
            }
        case .array:
            writer.array { writer in
                for element in view.elements { write(element, &writer) }
            }
        case .string: writer.string(decoded(view))
        default: writer.raw(view)
        }
    }
    func same(_ left: JSONView, _ right: JSONView) -> Bool {
        guard left.kind == right.kind else { return false }
        switch left.kind {
        case .object:
            let (first, second) = (Array(left.members), Array(right.members))
            return first.count == second.count
                && zip(first, second).allSatisfy { same($0.key, $1.key) && same($0.value, $1.value) }
        case .array:
            let (first, second) = (Array(left.elements), Array(right.elements))
            return first.count == second.count && zip(first, second).allSatisfy { same($0, $1) }
        case .string: return decoded(left) == decoded(right) && left.equalsString(decoded(right))
        default: return left.rawBytes == right.rawBytes
        }
    }
    do {
        var writer = JSONWriter()
        try JSON.withView(of: bytes) { write($0, &writer) }
        try JSON.withView(of: bytes) { (left) throws(JSONError) in
            try JSON.withView(of: writer.bytes) { check(same(left, $0), "a copy differs") }
        }
    } catch {
        check(false, "a written document is invalid: \(error)")
    }
}

private func decoded(_ view: JSONView) -> [UInt8] {
    var bytes: [UInt8] = []
    view.appendDecodedString(to: &bytes)
    return bytes
}

private func check(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { preconditionFailure(message()) }
}

/// The loop of the scanner.
///
/// One function on purpose: what is hot lives in registers, and every exit writes it back at the end. A unit that the
/// buffer cuts (an escape, a UTF-8 sequence, a literal) is left for the next call; strings and numbers, which may be long,
/// go on in the middle. Steps whose order matters for speed fall through: a comma is followed by a key, its colon and a
/// value.
struct JSONScanLoop {
    let bytes: JSONBytes
    let seed: JSONKeySeed
    let maxDepth: Int
    let maxKeys: Int

    func run(
        _ state: inout JSONScannerState,
        _ stack: inout MutableSpan<JSONRecord>,
        _ index: inout JSONKeyIndex,
        _ members: inout [JSONMember]
    ) -> JSONScanOutcome {
        let bytes = bytes
        let seed = seed
        let end = bytes.count
        let capacity = stack.count
        let fastEnd = end &- Self.margin
        let entry = state.position
        var outcome = JSONScanOutcome.needsMoreInput
        var position = state.position
        var phase = state.phase
        var depth = state.depth
        var top = state.top
        var frame = state.frame
        var seen = state.seen
        var isObject = state.isObject
        var text = state.text
        var stringStart = state.stringStart

        scan: while true {
            switch phase {
            case .afterValue:
                guard position < end else { break scan }
                if position < fastEnd, depth > 0, position != entry {
                    outcome = .canRunFast
                    break scan
                }
                var byte = bytes.byte(position)
                if byte <= 0x20 {
                    position = bytes.spaceEnd(from: position)
                    guard position < end else { break scan }
                    byte = bytes.byte(position)
                }
                guard byte == ASCII.comma, depth > 0 else {
                    guard depth > 0 else {
                        phase = .end
                        continue scan
                    }
                    guard byte == (isObject ? ASCII.closeBrace : ASCII.closeBracket) else {
                        outcome = .failed(.invalid, at: position)
                        break scan
                    }
                    if depth <= 2 { Self.endOfItem(bytes, position, depth, isObject, &state, &members) }
                    if isObject, top &- frame > JSONRecord.smallObject { index.remove(from: frame) }
                    top = frame &- 1
                    let record = unsafe stack[unchecked: top]
                    seen = record.seen
                    frame = record.frame
                    isObject = record.isObject
                    text = record.text
                    depth &-= 1
                    position &+= 1
                    continue scan
                }
                if depth <= 2 { Self.endOfItem(bytes, position, depth, isObject, &state, &members) }
                position &+= 1
                if !isObject {
                    phase = .value
                    continue scan
                }
                fallthrough

            case .key:
                guard position < end else {
                    phase = .key
                    break scan
                }
                if bytes.byte(position) <= 0x20 {
                    position = bytes.spaceEnd(from: position)
                    guard position < end else {
                        phase = .key
                        break scan
                    }
                }
                guard bytes.byte(position) == ASCII.quote else {
                    outcome = .failed(.invalid, at: position)
                    break scan
                }
                position &+= 1
                stringStart = position
                state.saved = 0
                guard position &+ 9 <= end else {
                    phase = .keyString
                    continue scan
                }
                let marks = JSONBytes.marks(bytes.word(position))
                position &+= marks == 0 ? 8 : marks.trailingZeroBitCount &>> 3
                guard bytes.byte(position) == ASCII.quote else {
                    phase = .keyString
                    continue scan
                }
                fallthrough

            case .keyEnd:
                let length = position &- stringStart
                guard state.keys < maxKeys else {
                    outcome = .failed(.tooManyKeys, at: stringStart &- 1)
                    break scan
                }
                guard top < capacity else {
                    phase = .keyEnd
                    outcome = .needsMoreStack
                    break scan
                }
                state.keys &+= 1
                let key: JSONRecord
                if state.saved == 0 {
                    let prefix = bytes.prefixWord(stringStart, length)
                    let hash = seed.hash(bytes, stringStart, length, prefix)
                    key = JSONRecord(hash: hash, length: length, start: stringStart, hasEscapes: false)
                    text = 0
                    if !JSONKeyNames.isPlain(prefix) {
                        let meaning = JSONKeyNames.meaning(bytes, stringStart, length, prefix)
                        text = meaning.text
                        state.imageParts &+= meaning.image
                    }
                } else {
                    let meaning: JSONKeyNames.Meaning
                    (key, meaning) = Self.escapedKey(bytes, stringStart..<position, seed)
                    text = meaning.text
                    state.imageParts &+= meaning.image
                }
                let bit = (1 as UInt64) &<< (key.first &>> 58)
                if seen & bit != 0 || top &- frame >= JSONRecord.smallObject {
                    guard Self.isNew(key, frame, top, stack.span, bytes, &index) else {
                        outcome = .failed(.duplicateKey, at: stringStart &- 1)
                        break scan
                    }
                }
                seen |= bit
                unsafe stack[unchecked: top] = key
                top &+= 1
                if depth == 1 {
                    state.memberKey = stringStart..<position
                    state.memberKeyHasEscapes = state.saved != 0
                }
                position &+= 1
                fallthrough

            case .colon:
                guard position < end else {
                    phase = .colon
                    break scan
                }
                if bytes.byte(position) <= 0x20 {
                    position = bytes.spaceEnd(from: position)
                    guard position < end else {
                        phase = .colon
                        break scan
                    }
                }
                guard bytes.byte(position) == ASCII.colon else {
                    outcome = .failed(.invalid, at: position)
                    break scan
                }
                position &+= 1
                fallthrough

            case .value:
                guard position < end else {
                    phase = .value
                    break scan
                }
                var byte = bytes.byte(position)
                if byte <= 0x20 {
                    position = bytes.spaceEnd(from: position)
                    guard position < end else {
                        phase = .value
                        break scan
                    }
                    byte = bytes.byte(position)
                }
                if depth <= 1 {
                    if depth == 0 { state.rootStart = position } else { state.memberValueStart = position }
                }
                if byte == ASCII.quote {
                    position &+= 1
                    guard position &+ 9 <= end else {
                        stringStart = position
                        state.saved = 0
                        phase = .string
                        continue scan
                    }
                    let marks = JSONBytes.marks(bytes.word(position))
                    let length = marks == 0 ? 8 : marks.trailingZeroBitCount &>> 3
                    guard bytes.byte(position &+ length) == ASCII.quote else {
                        stringStart = position
                        state.saved = 0
                        position &+= length
                        phase = .string
                        continue scan
                    }
                    if text & 1 != 0 { state.textBytes &+= length }
                    position &+= length &+ 1
                    phase = .afterValue
                    continue scan
                }
                // Setting bit 5 makes one byte of the two opening brackets.
                if byte | 0x20 == ASCII.openBrace {
                    guard depth < maxDepth else {
                        outcome = .failed(.tooDeep, at: position)
                        break scan
                    }
                    guard top < capacity else {
                        phase = .value
                        outcome = .needsMoreStack
                        break scan
                    }
                    unsafe stack[unchecked: top] = JSONRecord(seen: seen, frame: frame, isObject: isObject, text: text)
                    top &+= 1
                    frame = top
                    depth &+= 1
                    position &+= 1
                    seen = 0
                    isObject = byte == ASCII.openBrace
                    // Inside an array the flag is about its elements; inside an object each key sets it.
                    text = isObject ? 0 : text &>> 1
                    phase = isObject ? .keyOrEnd : .elementOrEnd
                    continue scan
                }
                if byte == ASCII.minus || ASCII.isDigit(byte) {
                    let stop = bytes.numberEnd(from: position)
                    guard stop > position else {
                        state.number = .start
                        phase = .number
                        continue scan
                    }
                    position = stop
                    phase = .afterValue
                    continue scan
                }
                switch bytes.literalStep(at: position) {
                case .complete(let length):
                    position &+= length
                    phase = .afterValue
                    continue scan
                case .incomplete:
                    phase = .value
                    break scan
                case .failed(let offset):
                    outcome = .failed(.invalid, at: offset)
                    break scan
                }

            case .keyOrEnd, .elementOrEnd:
                guard position < end else { break scan }
                var byte = bytes.byte(position)
                if byte <= 0x20 {
                    position = bytes.spaceEnd(from: position)
                    guard position < end else { break scan }
                    byte = bytes.byte(position)
                }
                if byte == (isObject ? ASCII.closeBrace : ASCII.closeBracket) {
                    top = frame &- 1
                    let record = unsafe stack[unchecked: top]
                    seen = record.seen
                    frame = record.frame
                    isObject = record.isObject
                    text = record.text
                    depth &-= 1
                    position &+= 1
                    phase = .afterValue
                } else {
                    phase = isObject ? .key : .value
                }
                continue scan

            case .string, .keyString:
                // The last block that was looked at: its later stops are known already.
                var block = position &- 64
                var mask: UInt64 = 0
                text: while true {
                    if position &- block < 64 { mask = mask &>> UInt64(position &- block) } else { mask = 0 }
                    block = position
                    find: while mask == 0 {
                        guard position &+ 64 <= end else {
                            position = bytes.textStop(from: position)
                            break find
                        }
                        mask = bytes.textMask(position)
                        block = position
                        if mask == 0 { position &+= 64 }
                    }
                    if mask != 0 { position &+= mask.trailingZeroBitCount }
                    guard position < end else { break scan }
                    let byte = bytes.byte(position)
                    if byte == ASCII.quote { break text }
                    let step: JSONStep
                    if byte == ASCII.backslash {
                        step = bytes.escapeStep(at: position)
                    } else if byte >= 0x80 {
                        position = bytes.multiByteEnd(from: position)
                        guard position < end, bytes.byte(position) >= 0x80 else { continue text }
                        step = bytes.multiByteStep(at: position)
                    } else {
                        step = .failed(.controlCharacter)
                    }
                    switch step {
                    case .unit(let raw, let decoded):
                        position &+= raw
                        state.saved &+= raw &- decoded
                    case .incomplete: break scan
                    case .failed(let kind):
                        outcome = .failed(kind, at: position)
                        break scan
                    }
                }
                if phase == .keyString {
                    phase = .keyEnd
                    continue scan
                }
                if text & 1 != 0 { state.textBytes &+= position &- stringStart &- state.saved }
                position &+= 1
                phase = .afterValue
                continue scan

            case .number:
                while position < end {
                    guard let next = state.number.next(bytes.byte(position)) else {
                        guard state.number.isComplete else {
                            outcome = .failed(.invalid, at: position)
                            break scan
                        }
                        phase = .afterValue
                        continue scan
                    }
                    state.number = next
                    position &+= 1
                }
                break scan

            case .end:
                // The first time white space may have been skipped already.
                if state.rootEnd == 0 { state.rootEnd = bytes.trimmedEnd(position) }
                if position < end, bytes.byte(position) <= 0x20 { position = bytes.spaceEnd(from: position) }
                if position < end { outcome = .failed(.trailingData, at: position) }
                break scan
            }
        }

        if phase == .afterValue, depth == 0 {
            phase = .end
            state.rootEnd = bytes.trimmedEnd(position)
        }
        state.position = position
        state.phase = phase
        state.depth = depth
        state.top = top
        state.frame = frame
        state.seen = seen
        state.isObject = isObject
        state.text = text
        state.stringStart = stringStart
        return outcome
    }

    /// Looks for a key among those of its object, when its bit of the hash could not tell.
    @inline(never)
    static func isNew(
        _ key: JSONRecord,
        _ frame: Int,
        _ top: Int,
        _ stack: borrowing Span<JSONRecord>,
        _ bytes: JSONBytes,
        _ index: inout JSONKeyIndex
    ) -> Bool {
        if top - frame >= JSONRecord.smallObject {
            return index.insert(key, frame: frame, top: top, stack: stack, bytes: bytes)
        }
        for earlier in frame..<top where stack[earlier].isSameKey(as: key, in: bytes) { return false }
        return true
    }

    /// Notes an element of a top-level value, or the end of a top-level member.
    @inline(__always)
    static func endOfItem(
        _ bytes: JSONBytes,
        _ position: Int,
        _ depth: Int,
        _ isObject: Bool,
        _ state: inout JSONScannerState,
        _ members: inout [JSONMember]
    ) {
        if depth == 2 {
            state.elements &+= 1
            // An object is what ends with a brace.
            if bytes.byte(bytes.trimmedEnd(position) &- 1) != ASCII.closeBrace { state.hasOtherElements = true }
        } else if isObject {
            endOfMember(bytes, position, &state, &members)
        }
    }

    @inline(never)
    static func endOfMember(
        _ bytes: JSONBytes,
        _ position: Int,
        _ state: inout JSONScannerState,
        _ members: inout [JSONMember]
    ) {
        if members.isEmpty { members.reserveCapacity(16) }
        members.append(
            JSONMember(
                key: state.memberKey,
                keyHasEscapes: state.memberKeyHasEscapes,
                value: state.memberValueStart..<bytes.trimmedEnd(position),
                kind: JSONKind(firstByte: bytes.byte(state.memberValueStart)),
                count: state.elements,
                holdsOnlyObjects: !state.hasOtherElements
            )
        )
        state.elements = 0
        state.hasOtherElements = false
    }

    /// Hashes and names a key by its decoded text.
    @inline(never)
    private static func escapedKey(
        _ bytes: JSONBytes,
        _ range: Range<Int>,
        _ seed: JSONKeySeed
    ) -> (JSONRecord, JSONKeyNames.Meaning) {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(range.count)
        bytes.appendDecoded(range, to: &decoded)
        let length = decoded.count
        return unsafe decoded.withUnsafeBytes { buffer in
            guard let text = unsafe JSONBytes(buffer) else {
                return (
                    JSONRecord(hash: 0, length: 0, start: range.lowerBound, hasEscapes: true),
                    JSONKeyNames.Meaning(text: 0, image: 0)
                )
            }
            let prefix = text.prefixWord(0, length)
            let hash = seed.hash(text, 0, length, prefix)
            return (
                JSONRecord(hash: hash, length: length, start: range.lowerBound, hasEscapes: true),
                JSONKeyNames.meaning(text, 0, length, prefix)
            )
        }
    }
}

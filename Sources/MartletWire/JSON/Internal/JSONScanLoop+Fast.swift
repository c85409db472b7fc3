extension JSONScanLoop {
    /// How many bytes must follow, so that one key, its punctuation and two words can be read without looking at the end.
    static var margin: Int { 64 }

    /// Runs through what is common: short keys, strings without anything special, numbers, brackets.
    ///
    /// Starts and mostly ends behind a value. At anything else (the end of the buffer, an escape, a duplicate key, an
    /// error) it stops in front of the token and leaves it, with the phase that fits, to the complete loop. That keeps few
    /// things alive at a time, and so in registers: dense documents take a third of the time.
    @inline(never)
    func runFast(
        _ state: inout JSONScannerState,
        _ stack: inout MutableSpan<JSONRecord>,
        _ index: inout JSONKeyIndex,
        _ members: inout [JSONMember]
    ) {
        let bytes = bytes
        let seed = seed
        let safeEnd = bytes.count &- Self.margin
        let capacity = stack.count
        var position = state.position
        var phase = JSONPhase.afterValue
        var depth = state.depth
        var top = state.top
        var frame = state.frame
        var seen = state.seen
        var text = state.text
        var closing = state.isObject ? ASCII.closeBrace : ASCII.closeBracket
        var keysLeft = maxKeys &- state.keys

        scan: while true {
            // Behind a value.
            var byte: UInt8
            after: while true {
                guard position < safeEnd else { break scan }
                byte = bytes.byte(position)
                if byte <= 0x20 {
                    position = bytes.spaceEnd(from: position)
                    guard position < safeEnd else { break scan }
                    byte = bytes.byte(position)
                }
                if byte == ASCII.comma { break after }
                guard byte == closing else { break scan }
                if closing == ASCII.closeBrace, top &- frame > JSONRecord.smallObject { index.remove(from: frame) }
                if depth <= 2 {
                    Self.endOfItem(bytes, position, depth, closing == ASCII.closeBrace, &state, &members)
                }
                position &+= 1
                depth &-= 1
                top = frame &- 1
                let record = unsafe stack[unchecked: top]
                seen = record.seen
                frame = record.frame
                closing = record.isObject ? ASCII.closeBrace : ASCII.closeBracket
                text = record.text
                if depth == 0 { break scan }
            }
            if depth <= 2 { Self.endOfItem(bytes, position, depth, closing == ASCII.closeBrace, &state, &members) }
            position &+= 1
            byte = bytes.byte(position)
            if byte <= 0x20 {
                position = bytes.spaceEnd(from: position)
                guard position < safeEnd else {
                    phase = closing == ASCII.closeBrace ? .key : .value
                    break scan
                }
                byte = bytes.byte(position)
            }

            // In front of a key or an element.
            item: while true {
                if closing == ASCII.closeBrace {
                    guard byte == ASCII.quote, top < capacity, keysLeft > 0 else {
                        phase = .key
                        break scan
                    }
                    let start = position &+ 1
                    var prefix = bytes.word(start)
                    var marks = JSONBytes.marks(prefix)
                    var length: Int
                    var hash: UInt64
                    if marks != 0 {
                        length = marks.trailingZeroBitCount &>> 3
                        // The bits below the marked byte.
                        prefix &= ((marks & (0 &- marks)) &>> 7) &- 1
                        hash = seed.shortHash(prefix, length)
                    } else {
                        marks = JSONBytes.marks(bytes.word(start &+ 8))
                        length = 8 &+ marks.trailingZeroBitCount &>> 3
                        guard marks != 0 else {
                            phase = .key
                            break scan
                        }
                        hash = seed.hash(bytes, start, length, prefix)
                    }
                    guard bytes.byte(start &+ length) == ASCII.quote else {
                        phase = .key
                        break scan
                    }
                    let key = JSONRecord(hash: hash, length: length, start: start, hasEscapes: false)
                    let bit = (1 as UInt64) &<< (hash &>> 58)
                    if seen & bit != 0 || top &- frame >= JSONRecord.smallObject {
                        guard Self.isNew(key, frame, top, stack.span, bytes, &index) else {
                            phase = .key
                            break scan
                        }
                    }
                    seen |= bit
                    unsafe stack[unchecked: top] = key
                    top &+= 1
                    keysLeft &-= 1
                    text = 0
                    if !JSONKeyNames.isPlain(prefix) {
                        let meaning = JSONKeyNames.meaning(bytes, start, length, prefix)
                        text = meaning.text
                        state.imageParts &+= meaning.image
                    }
                    position = start &+ length &+ 1
                    if depth == 1 {
                        state.memberKey = start..<position &- 1
                        state.memberKeyHasEscapes = false
                    }
                    guard bytes.byte(position) == ASCII.colon else {
                        phase = .colon
                        break scan
                    }
                    position &+= 1
                    byte = bytes.byte(position)
                    if byte <= 0x20 {
                        position = bytes.spaceEnd(from: position)
                        guard position < safeEnd else {
                            phase = .value
                            break scan
                        }
                        byte = bytes.byte(position)
                    }
                }

                // In front of a value.
                if depth == 1 { state.memberValueStart = position }
                if byte == ASCII.quote {
                    var stop = position &+ 1
                    var marks = JSONBytes.marks(bytes.word(stop))
                    while marks == 0 {
                        stop &+= 8
                        guard stop &- position < Self.margin, stop < safeEnd else { break }
                        marks = JSONBytes.marks(bytes.word(stop))
                    }
                    if marks != 0 { stop &+= marks.trailingZeroBitCount &>> 3 }
                    guard bytes.byte(stop) == ASCII.quote else {
                        state.stringStart = position &+ 1
                        state.saved = 0
                        position = stop
                        phase = .string
                        break scan
                    }
                    if text & 1 != 0 { state.textBytes &+= stop &- position &- 1 }
                    position = stop &+ 1
                    continue scan
                }
                if byte | 0x20 == ASCII.openBrace {
                    guard depth < maxDepth, top < capacity else {
                        phase = .value
                        break scan
                    }
                    let wasObject = closing == ASCII.closeBrace
                    unsafe stack[unchecked: top] = JSONRecord(seen: seen, frame: frame, isObject: wasObject, text: text)
                    top &+= 1
                    frame = top
                    depth &+= 1
                    seen = 0
                    closing = byte &+ 2
                    text = byte == ASCII.openBrace ? 0 : text &>> 1
                    position &+= 1
                    byte = bytes.byte(position)
                    if byte <= 0x20 {
                        position = bytes.spaceEnd(from: position)
                        guard position < safeEnd else {
                            phase = closing == ASCII.closeBrace ? .keyOrEnd : .elementOrEnd
                            break scan
                        }
                        byte = bytes.byte(position)
                    }
                    guard position < safeEnd else {
                        phase = closing == ASCII.closeBrace ? .keyOrEnd : .elementOrEnd
                        break scan
                    }
                    if byte != closing { continue item }
                    // Empty: back to where it was, without an item.
                    position &+= 1
                    depth &-= 1
                    top = frame &- 1
                    let record = unsafe stack[unchecked: top]
                    seen = record.seen
                    frame = record.frame
                    closing = wasObject ? ASCII.closeBrace : ASCII.closeBracket
                    text = record.text
                    if depth == 0 { break scan }
                    continue scan
                }
                if byte == ASCII.minus || ASCII.isDigit(byte) {
                    let stop = bytes.numberEnd(from: position)
                    guard stop > position else {
                        phase = .value
                        break scan
                    }
                    position = stop
                    continue scan
                }
                guard case .complete(let length) = bytes.literalStep(at: position) else {
                    phase = .value
                    break scan
                }
                position &+= length
                continue scan
            }
        }

        state.position = position
        state.phase = phase
        state.depth = depth
        state.top = top
        state.frame = frame
        state.seen = seen
        state.isObject = closing == ASCII.closeBrace
        state.text = text
        state.keys = maxKeys &- keysLeft
    }
}

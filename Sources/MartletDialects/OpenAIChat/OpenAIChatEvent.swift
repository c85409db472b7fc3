import MartletCore
import MartletWire

/// What a watcher needs to know of one event of a stream, read in one walk without decoding it into a chunk.
struct OpenAIChatEvent {
    /// The failure the event reports.
    var failure: UpstreamFailure?
    /// The usage the event carries, if it can be believed.
    var usage: Usage?
    /// Whether `choices` is an empty list.
    var hasNoChoices = false
    /// Whether a choice has a reason to stop.
    var hasFinish = false
    /// What the choices say of their ends.
    var ends = OpenAIChatEnds.Seen()
    /// The failure that a reason to stop stands for.
    var breakOff: UpstreamFailure?
    /// Whether a caller waits for what the event carries.
    var bearsContent = false
    /// UTF-8 bytes of output, unescaped: text, reasoning, refusal, names and arguments of tool calls.
    var outputBytes = 0
    /// How many values the output is spread over.
    var outputCount = 0
    /// Where the last of them stands, quotes included.
    var output = 0..<0
    /// Where the top-level string `obfuscation` stands, quotes included; random padding that differs each time.
    var padding: Range<Int>?

    /// Whether the choice that is being read calls tools.
    private var hasCalls = false
    private var hasError = false
    private var hasUsage = false
    private var choiceCount: Int?

    /// Reads an event's payload, which a scanner has accepted; `nil` when it is no object.
    init?(_ payload: UnsafeRawBufferPointer) {
        guard var cursor = unsafe JSONCursor(payload), cursor.enter(UInt8(ascii: "{")) else { return nil }
        while let key = cursor.nextKey() { readMember(key, &cursor) }
        hasNoChoices = choiceCount == 0
        if hasFinish || outputBytes > 0 { bearsContent = true }
        guard hasError || hasUsage || choiceCount == nil, let view = unsafe JSONView(validated: payload) else { return }
        failure = UpstreamFailure(answer: view)
        usage = ChatUsage.find(in: view)?.counts
    }

    private mutating func readMember(_ key: JSONCursor.Text, _ cursor: inout JSONCursor) {
        if cursor.key(key, is: "choices"), cursor.enter(UInt8(ascii: "[")) {
            var count = 0
            while cursor.nextElement() {
                readChoice(&cursor, position: count)
                count += 1
            }
            choiceCount = count
            return
        }
        let isText = cursor.current == UInt8(ascii: "\"")
        let isNull = cursor.current == UInt8(ascii: "n")
        let value = cursor.skipValue()
        if cursor.key(key, is: "error") {
            hasError = !isNull
        } else if cursor.key(key, is: "usage") || cursor.key(key, is: "x_groq") {
            if !isNull { hasUsage = true }
        } else if isText, cursor.key(key, is: "obfuscation") {
            padding = value
        }
    }

    private mutating func readChoice(_ cursor: inout JSONCursor, position: Int) {
        guard cursor.enter(UInt8(ascii: "{")) else {
            cursor.skipValue()
            return
        }
        var place = position
        var end: OpenAIChatEnds.End?
        hasCalls = false
        while let key = cursor.nextKey() {
            if cursor.key(key, is: "delta"), cursor.enter(UInt8(ascii: "{")) {
                readDelta(&cursor)
            } else if cursor.key(key, is: "finish_reason"), let text = cursor.string() {
                end = text.length == 0 ? .unnamed : .named
                guard text.length > 0 else { continue }
                hasFinish = true
                breakOff = breakOff ?? AnswerBreak.failure(text, cursor)
            } else if cursor.key(key, is: "index") {
                place = cursor.smallNumber() ?? position
            } else {
                cursor.skipValue()
            }
        }
        ends.note(place, end, hasCalls: hasCalls)
    }

    private mutating func readDelta(_ cursor: inout JSONCursor) {
        // Servers name reasoning in two ways; where both are there they say the same, and the first counts.
        var reasoning: (range: Range<Int>, bytes: Int?)?
        var named: (range: Range<Int>, bytes: Int?)?
        while let key = cursor.nextKey() {
            if cursor.key(key, is: "content") {
                if cursor.enter(UInt8(ascii: "[")) {
                    while cursor.nextElement() { readPart(&cursor) }
                } else {
                    count(&cursor)
                }
            } else if cursor.key(key, is: "reasoning_content") {
                named = Self.text(&cursor)
            } else if cursor.key(key, is: "reasoning") {
                reasoning = Self.text(&cursor)
            } else if cursor.key(key, is: "refusal") {
                count(&cursor)
            } else if cursor.key(key, is: "tool_calls"), cursor.enter(UInt8(ascii: "[")) {
                while cursor.nextElement() { readCall(&cursor) }
            } else {
                if cursor.current == UInt8(ascii: "{"),
                    cursor.key(key, is: "function_call") || cursor.key(key, is: "audio")
                {
                    bearsContent = true
                }
                cursor.skipValue()
            }
        }
        if let text = named?.bytes != nil ? named : reasoning ?? named { count(text.range, text.bytes) }
        // An event with both is never taken for like another one.
        if named != nil, reasoning != nil { outputCount += 1 }
    }

    private mutating func readCall(_ cursor: inout JSONCursor) {
        guard cursor.enter(UInt8(ascii: "{")) else {
            cursor.skipValue()
            return
        }
        bearsContent = true
        hasCalls = true
        while let key = cursor.nextKey() {
            let isTool = cursor.key(key, is: "function") || cursor.key(key, is: "custom")
            guard isTool, cursor.enter(UInt8(ascii: "{")) else {
                cursor.skipValue()
                continue
            }
            while let key = cursor.nextKey() {
                if cursor.key(key, is: "name") {
                    count(&cursor)
                } else if cursor.key(key, is: "arguments") || cursor.key(key, is: "input") {
                    // Some servers send the arguments as an object in place of its text.
                    if let text = Self.text(&cursor) { count(text.range, text.bytes ?? text.range.count) }
                } else {
                    cursor.skipValue()
                }
            }
        }
    }

    /// Reads a part of servers that send parts in place of text.
    private mutating func readPart(_ cursor: inout JSONCursor) {
        outputCount += 1
        guard cursor.enter(UInt8(ascii: "{")) else {
            cursor.skipValue()
            return
        }
        while let key = cursor.nextKey() {
            if cursor.key(key, is: "text") {
                count(&cursor)
            } else if cursor.key(key, is: "thinking") {
                if cursor.enter(UInt8(ascii: "[")) {
                    while cursor.nextElement() { readPart(&cursor) }
                } else {
                    count(&cursor)
                }
            } else {
                cursor.skipValue()
            }
        }
    }

    /// Moves over a value; the length is that of a string.
    private static func text(_ cursor: inout JSONCursor) -> (range: Range<Int>, bytes: Int?)? {
        if cursor.current == UInt8(ascii: "n") {
            cursor.skipValue()
            return nil
        }
        let start = cursor.index
        if let text = cursor.string() { return (start..<cursor.index, text.length) }
        return (cursor.skipValue(), nil)
    }

    private mutating func count(_ cursor: inout JSONCursor) {
        if let text = Self.text(&cursor) { count(text.range, text.bytes) }
    }

    private mutating func count(_ range: Range<Int>, _ bytes: Int?) {
        outputCount += 1
        output = range
        outputBytes += bytes ?? 0
    }
}

extension JSONCursor {
    /// Moves over a value; answers the number it is, where that has one or two digits.
    fileprivate mutating func smallNumber() -> Int? {
        let place = skipValue()
        guard 1...2 ~= place.count else { return nil }
        var number = 0
        for index in place {
            let digit = Int(byte(index)) - 0x30
            guard 0...9 ~= digit else { return nil }
            number = number * 10 + digit
        }
        return number
    }
}

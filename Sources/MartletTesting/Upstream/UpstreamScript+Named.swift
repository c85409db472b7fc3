extension UpstreamScript {
    /// The script that a model's name stands for.
    ///
    /// A number after a colon is an argument. Names marked S say something about streams only and answer `ok` else.
    ///
    /// | Model | Does |
    /// |---|---|
    /// | `ok` | answers in full |
    /// | `message` | answers in full, as Anthropic does |
    /// | `paced:MS` | S: waits so many milliseconds before each event |
    /// | `endless` | S: an event every 5 ms, for ever |
    /// | `flood:MIB` | S: that many MiB of events, as fast as they are taken |
    /// | `slow-head:MS` | waits before the answer |
    /// | `silent` | never answers |
    /// | `head-only` | sends a head and no more |
    /// | `half-body` | sends half of the answer and no more; of a stream its first two words |
    /// | `role-hold` | S: sends the role event and no more |
    /// | `cut` | sends what `half-body` sends, then closes |
    /// | `cut-early` | closes without a byte |
    /// | `reset` | resets without a byte |
    /// | `reset-midway` | sends what `half-body` sends, then resets |
    /// | `half-event` | S: ends within an event, then closes |
    /// | `error-first:CODE` | S: the first event is an error with the code |
    /// | `error-midway` | S: an error event after two words |
    /// | `role-only` | S: ends in order without any content |
    /// | `no-done` | S: ends in order after the finish reason, without the end mark |
    /// | `unfinished` | S: the end mark without a finish reason |
    /// | `crlf`, `cr`, `odd-cuts` | S: line endings; writes of 1 to 9 bytes |
    /// | `wrong-type` | HTML with status 200 |
    /// | `not-json` | text that is no JSON, called JSON |
    /// | `empty` | status 200 without a body |
    /// | `gzip` | a body with `content-encoding: gzip` |
    /// | `redirect` | 307 to `/elsewhere` |
    /// | `switching` | 101 |
    /// | `interim` | 103 and 100 before the answer |
    /// | `status-NNN` | an error of that status with code `scripted` |
    /// | `context-length`, `content-filter` | 400 with that code |
    /// | `quota` | 429 `insufficient_quota` |
    /// | `rate-limit` | 429 without a wait |
    /// | `rate-limit-seconds:N`, `rate-limit-ms:N`, `rate-limit-date:N` | 429 with `retry-after` (an HTTP date so many seconds ahead, may be negative) or `retry-after-ms` |
    /// | `length-short` | announces 10 bytes and sends more |
    /// | `length-long` | announces 1,000 bytes more than it sends, then closes |
    /// | `double-length` | two different `content-length` fields |
    /// | `length-and-chunked` | `content-length` beside `transfer-encoding` |
    /// | `bad-chunk` | a chunk size that is no number |
    /// | `big-head` | a head of 200 KiB |
    /// | `long-line` | S: a line of 200 MiB without an end |
    /// | `long-line-midway` | S: the same after two words |
    /// | `trailing` | bytes behind the answer |
    /// | `flaky:N` | 500 for the first N requests of this name, then `ok` |
    /// | `stale` | `ok`; further requests on the same connection are not answered but closed |
    /// | `close-after` | `ok`, then closes without having said so |
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - attempt: How many requests of this name there were before.
    ///   - unixSeconds: The time that dates count from.
    /// - Returns: The script; an unknown name is 404 with code `model_not_found`.
    public static func named(_ request: ReceivedRequest, attempt: Int, unixSeconds: Int) -> UpstreamScript {
        let parts = request.model.split(separator: ":", maxSplits: 1).map(String.init)
        let name = parts.first ?? ""
        let argument = parts.count > 1 ? parts[1] : ""
        let number = Int(argument) ?? 0
        let stream = request.wantsStream
        switch name {
        case "flaky": return attempt < number ? status(500) : ok(stream)
        case "stale": return request.index == 0 ? ok(stream) : UpstreamScript([.close])
        case "close-after": return UpstreamScript(ok(stream).steps + [.close])
        case "slow-head": return UpstreamScript([.pause(.milliseconds(number))] + ok(stream).steps)
        case "silent": return UpstreamScript([.hold])
        case "head-only": return UpstreamScript([.write(stream ? streamHead : halfBody(false).prefix), .hold])
        case "half-body": return UpstreamScript([.write(halfBody(stream).bytes), .hold])
        case "cut": return UpstreamScript([.write(halfBody(stream).bytes), .close])
        case "cut-early": return UpstreamScript([.close])
        case "reset": return UpstreamScript([.reset])
        case "reset-midway":
            // The pause lets the other side read: a reset takes unread bytes with it.
            return UpstreamScript([.write(halfBody(stream).bytes), .pause(.milliseconds(100)), .reset])
        case "rate-limit", "rate-limit-seconds", "rate-limit-ms", "rate-limit-date":
            return rateLimit(name, number, unixSeconds)
        case "context-length": return refusal(400, "context_length_exceeded")
        case "content-filter": return refusal(400, "content_filter")
        case "quota": return refusal(429, "insufficient_quota", type: "insufficient_quota")
        case "ok": return ok(stream)
        case "message": return UpstreamScript([.write(whole(200, body: ChatFixtures.message))])
        default: break
        }
        if name.hasPrefix("status-"), let status = Int(name.dropFirst(7)) { return Self.status(status) }
        if let lie = framing(name, stream) { return lie }
        if let oddity = oddity(name) { return oddity }
        if let script = streaming(name, argument) { return stream ? script : ok(false) }
        return refusal(404, "model_not_found")
    }

    /// The whole answer.
    static func ok(_ stream: Bool) -> UpstreamScript {
        guard stream else { return UpstreamScript([.write(whole(200, body: ChatFixtures.answer))]) }
        return UpstreamScript([.write(streamHead + chunk(ChatFixtures.stream()) + lastChunk)])
    }

    static func status(_ status: Int) -> UpstreamScript { refusal(status, "scripted") }

    private static func refusal(_ status: Int, _ code: String, type: String = "invalid_request_error") -> UpstreamScript
    {
        UpstreamScript([.write(whole(status, body: errorBody(code: code, type: type)))])
    }

    private static func rateLimit(_ name: String, _ number: Int, _ now: Int) -> UpstreamScript {
        let field: [String] =
            switch name {
            case "rate-limit-seconds": ["retry-after: \(number)"]
            case "rate-limit-ms": ["retry-after-ms: \(number)"]
            case "rate-limit-date": ["retry-after: \(HTTPDate.text(unixSeconds: now + number))"]
            default: []
            }
        let body = errorBody(code: "rate_limit_exceeded", type: "rate_limit_error")
        return UpstreamScript([.write(whole(429, body: body, fields: field))])
    }

    /// Half of an answer: the bytes, and how many of them are the head.
    private static func halfBody(_ stream: Bool) -> (bytes: [UInt8], prefix: [UInt8]) {
        if stream {
            let begin = ChatFixtures.events.prefix(3).map(eventChunk).flatMap { $0 }
            return (streamHead + begin, streamHead)
        }
        let all = whole(200, body: ChatFixtures.answer)
        let head = all.count - ChatFixtures.answer.count
        return (Array(all.prefix(head + ChatFixtures.answer.count / 2)), Array(all.prefix(head)))
    }

    // MARK: Lies about framing

    private static func framing(_ name: String, _ stream: Bool) -> UpstreamScript? {
        let type = stream ? "text/event-stream" : "application/json"
        let body = stream ? ChatFixtures.stream() : ChatFixtures.answer
        func answer(_ fields: [String], _ bytes: [UInt8], _ end: [Step] = []) -> UpstreamScript {
            let lines = ["HTTP/1.1 200 OK", "content-type: \(type)"] + fields
            return UpstreamScript([.write(Array(lines.map { $0 + "\r\n" }.joined().utf8) + [13, 10] + bytes)] + end)
        }
        switch name {
        case "length-short": return answer(["content-length: 10"], body)
        case "length-long": return answer(["content-length: \(body.count + 1_000)"], body, [.close])
        case "double-length": return answer(["content-length: \(body.count)", "content-length: 5"], body)
        case "length-and-chunked":
            return answer(["content-length: \(body.count)", "transfer-encoding: chunked"], chunk(body) + lastChunk)
        case "bad-chunk": return answer(["transfer-encoding: chunked"], Array("-5\r\nhello\r\n".utf8))
        case "big-head":
            return answer(["x-filler: " + String(repeating: "f", count: 200 << 10), "content-length: 0"], [])
        case "trailing": return answer(["content-length: \(body.count)"], body + Array("HTTP/1.1 200 OK\r\n".utf8))
        case "interim":
            let before = head(103, "link: </style.css>; rel=preload") + head(100)
            return UpstreamScript([.write(Array(before.utf8))] + ok(stream).steps)
        case "switching": return UpstreamScript([.write(Array(head(101, "upgrade: h2c", "connection: upgrade").utf8))])
        default: return nil
        }
    }

    // MARK: Answers that are none

    private static func oddity(_ name: String) -> UpstreamScript? {
        switch name {
        case "wrong-type":
            UpstreamScript([.write(whole(200, type: "text/html", body: Array("<html>hello</html>".utf8)))])
        case "not-json": UpstreamScript([.write(whole(200, body: Array("this is no JSON".utf8)))])
        case "empty": UpstreamScript([.write(whole(200, body: []))])
        case "gzip":
            // The header of a gzip member (RFC 1952) is enough: nobody may try to read on.
            UpstreamScript([
                .write(whole(200, body: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], fields: ["content-encoding: gzip"]))
            ])
        case "redirect":
            UpstreamScript([.write(whole(307, body: [], fields: ["location: /elsewhere"]))])
        default: nil
        }
    }

    // MARK: Streams

    private static func streaming(_ name: String, _ argument: String) -> UpstreamScript? {
        let begin = halfBody(true).bytes
        func body(_ events: [String]) -> UpstreamScript {
            UpstreamScript([.write(streamHead + events.flatMap(eventChunk) + lastChunk)])
        }
        let word = eventChunk(ChatFixtures.event(delta: #"{"content":" word"}"#))
        switch name {
        case "paced":
            let events = ChatFixtures.events + [ChatFixtures.usageEvent, "data: [DONE]"]
            let paced = events.flatMap { [Step.pause(.milliseconds(Int(argument) ?? 0)), .write(eventChunk($0))] }
            return UpstreamScript([.write(streamHead)] + paced + [.write(lastChunk)])
        case "late-end":
            // The chunk that ends the body comes in a packet of its own, as from many real servers.
            let whole = streamHead + (ChatFixtures.events + ["data: [DONE]"]).flatMap(eventChunk)
            return UpstreamScript([.write(whole), .pause(.milliseconds(Int(argument) ?? 20)), .write(lastChunk)])
        case "endless":
            let beats = (0..<4_000).flatMap { _ in [Step.pause(.milliseconds(5)), .write(word)] }
            return UpstreamScript([.write(begin)] + beats + [.hold])
        case "flood":
            let text = String(repeating: "y", count: 60 << 10)
            let block = eventChunk(ChatFixtures.event(delta: #"{"content":"\#(text)"}"#))
            let end = [ChatFixtures.event(delta: "{}", finish: "stop"), "data: [DONE]"].flatMap(eventChunk) + lastChunk
            let count = ((Int(argument) ?? 1) << 20) / block.count
            return UpstreamScript([.write(begin), .flood(block, count: count), .write(end)])
        case "role-hold": return UpstreamScript([.write(streamHead + eventChunk(ChatFixtures.roleEvent)), .hold])
        case "half-event":
            let half = Array(ChatFixtures.event(delta: #"{"content":"never"}"#).utf8.dropLast(9))
            return UpstreamScript([.write(begin + chunk(half)), .close])
        case "error-first":
            return body([String(decoding: Array("data: ".utf8) + errorBody(code: argument), as: UTF8.self)])
        case "error-midway":
            let error = String(decoding: Array("data: ".utf8) + errorBody(code: "server_error"), as: UTF8.self)
            let end = eventChunk(error) + lastChunk
            // The pause parts them: what comes in one read is judged as one.
            return UpstreamScript([.write(begin), .pause(.milliseconds(100)), .write(end)])
        case "role-only": return body([ChatFixtures.roleEvent])
        case "no-done":
            return UpstreamScript([.write(streamHead + chunk(ChatFixtures.stream(done: false)) + lastChunk)])
        case "unfinished": return body(ChatFixtures.events.dropLast() + ["data: [DONE]"])
        case "crlf":
            return UpstreamScript([.write(streamHead + chunk(ChatFixtures.stream(lineEnd: "\r\n")) + lastChunk)])
        case "cr": return UpstreamScript([.write(streamHead + chunk(ChatFixtures.stream(lineEnd: "\r")) + lastChunk)])
        case "odd-cuts":
            var generator = SeededGenerator(seed: 42)
            let bytes = streamHead + chunk(ChatFixtures.stream(lineEnd: "\r\n")) + lastChunk
            return UpstreamScript(generator.cut(bytes, longest: 9).map { .write($0) })
        case "long-line", "long-line-midway":
            let size = 1 << 20
            let block = [UInt8](repeating: UInt8(ascii: "z"), count: size)
            let open = Array(#"data: {"choices":[{"delta":{"content":""#.utf8)
            let start = name == "long-line" ? streamHead : begin
            return UpstreamScript([.write(start + chunk(open)), .flood(chunk(block), count: 200), .hold])
        default: return nil
        }
    }
}

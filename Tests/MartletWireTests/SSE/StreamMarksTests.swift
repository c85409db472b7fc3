import MartletWire
import Testing

private func marks(_ text: String) -> StreamMarks {
    Array(text.utf8).withUnsafeBytes { bytes in StreamMarks(in: bytes) }
}

private func marksOfEvent(_ text: String) -> StreamMarks {
    Array(text.utf8).withUnsafeBytes { bytes in StreamMarks(ofEvent: bytes) }
}

@Suite("Stream marks") struct StreamMarksTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var json: String
        var marks: StreamMarks
    }

    static let cases: [Case] = [
        Case(
            testDescription: "a finish reason",
            json: #"{"choices":[{"finish_reason":"stop"}]}"#,
            marks: .finishReason
        ),
        Case(testDescription: "no finish reason yet", json: #"{"choices":[{"finish_reason":null}]}"#, marks: []),
        Case(
            testDescription: "null with white space",
            json: "{\"finish_reason\" \t:\t  null , \"usage\" : null}",
            marks: []
        ),
        Case(testDescription: "usage", json: #"{"usage":{"total_tokens":1}}"#, marks: .usage),
        Case(testDescription: "usage with white space", json: #"{"usage"  :  {}}"#, marks: .usage),
        Case(testDescription: "an error", json: #"{"error":{"message":"x"}}"#, marks: .error),
        Case(testDescription: "no error", json: #"{"error":null}"#, marks: []),
        Case(
            testDescription: "several at once",
            json: #"{"usage":{},"error":"x","finish_reason":"length"}"#,
            marks: [.usage, .error, .finishReason]
        ),
        Case(
            testDescription: "a null before a value",
            json: #"[{"finish_reason":null},{"finish_reason":"stop"}]"#,
            marks: .finishReason
        ),
        Case(testDescription: "the end of the stream", json: "[DONE]", marks: .done),
        Case(testDescription: "names as values", json: #"{"a":"usage","b":"error","c":"finish_reason"}"#, marks: []),
        Case(
            testDescription: "names with other letters around",
            json: #"{"usages":1,"errors":2,"my_error":3,"user":4,"f":5}"#,
            marks: []
        ),
        Case(
            testDescription: "escaped names inside text",
            json: #"{"content":"{\"usage\":1,\"error\":2}"}"#,
            marks: []
        ),
        Case(
            testDescription: "a member behind escaped quotes",
            json: #"{"content":"\"\\\"","usage":{}}"#,
            marks: .usage
        ),
        Case(
            testDescription: "a member behind an escaped backslash",
            json: #"{"content":"\\","error":1}"#,
            marks: .error
        ),
    ]

    @Test("are found at every alignment, with and without the rest of an event", arguments: cases)
    func table(_ test: Case) {
        for padding in 0..<40 {
            let before = String(repeating: "x", count: padding)
            for after in ["", "\n\n", "\r\n\r\n", "\n\n" + before] {
                #expect(marks(before + test.json + after) == test.marks)
                #expect(marks("data: " + before + test.json + after) == test.marks)
                #expect(marksOfEvent(before + test.json + after) == test.marks)
            }
            #expect(marksOfEvent("data: \(test.json)\n\n" + before) == test.marks)
            #expect(marksOfEvent("data:\(test.json)\r\n\r\n") == test.marks)
            #expect(marksOfEvent("id: 1\ndata:\(test.json)\r\n\r\n") == test.marks)
        }
    }

    @Test("are found in bytes that are cut short after the name, and never read beyond them") func short() {
        let event = #"{"finish_reason": "stop","usage": {},"error": 1}"#
        for length in 0...event.utf8.count { _ = marks(text(event.utf8.prefix(length))) }
        #expect(marks(#"{"usage""#) == .usage)
        #expect(marks(#"{"usage":"#) == .usage)
        #expect(marks(#"{"usage":nul"#) == .usage)
    }

    @Test("of one event show its end only when that is the whole payload, as far as the first line tells") func end() {
        #expect(marksOfEvent("data: [DONE]\n\n") == .done)
        #expect(marksOfEvent("data:[DONE]\r\r") == .done)
        #expect(marksOfEvent("event: end\ndata: [DONE]\n\n") == .done)
        #expect(marksOfEvent(":\ndata: [DONE]\n\n") == .done)
        #expect(marksOfEvent("[DONE]") == .done)
        #expect(marksOfEvent("data: {\"content\":\"[DONE]\"}\n\n") == [])
        #expect(marksOfEvent("data: x\ndata: [DONE]\n\n") == [])
        #expect(marksOfEvent("data") == [] && marksOfEvent("data:") == [] && marksOfEvent("data: ") == [])
        #expect(marks("data: a\n\ndata: [DON]\n\ndata: [DONE]\n\n") == .done)
    }

    @Test("are found when the value is on another data line") func severalLines() {
        #expect(marks("data: {\"usage\":\ndata: {}}\n\n") == .usage)
        #expect(marks("data: {\"usage\"\rdata: :{}}\n\n") == .usage)
    }

    @Test("agree with a plain search on random text") func random() {
        var random = SeededRandom(seed: 5)
        let pieces = [
            "\"usage\"", "\"error\"", "\"finish_reason\"", "[DONE]", ":", "null", " ", "1", "\"", "\\", "[D", "u", "e",
            "f", "xyz",
        ]
        for _ in 0..<3000 {
            let count = Int.random(in: 0..<14, using: &random)
            let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            #expect(marks(text) == plain(Array(text.utf8)), "\(text)")
            #expect(marksOfEvent(text) == plain(Array(text.utf8)), "\(text)")
        }
    }

    /// The same rule, written for clarity: at each place, compare the name, skip blanks, look at colon and value.
    private func plain(_ bytes: [UInt8]) -> StreamMarks {
        var marks: StreamMarks = []
        let names: [(String, StreamMarks)] = [
            ("\"usage\"", .usage), ("\"error\"", .error), ("\"finish_reason\"", .finishReason),
        ]
        for start in bytes.indices {
            if bytes[start...].starts(with: "[DONE]".utf8) { marks.insert(.done) }
            for (name, mark) in names where bytes[start...].starts(with: name.utf8) {
                var rest = bytes[(start + name.utf8.count)...].drop { byte in byte == 0x20 }
                if rest.isEmpty { marks.insert(mark) }
                guard rest.first == UInt8(ascii: ":") else { continue }
                rest = rest.dropFirst().drop { byte in byte == 0x20 }
                if !rest.starts(with: "null".utf8) { marks.insert(mark) }
            }
        }
        return marks
    }
}

@Suite("First content") struct StreamContentTests {
    @Test(
        "is seen in every kind of output",
        arguments: [
            #"{"delta":{"content":"a"}}"#, #"{"delta":{"content" : " "}}"#, #"{"delta":{"reasoning_content":"x"}}"#,
            #"{"delta":{"reasoning":"x"}}"#, #"{"delta":{"refusal":"no"}}"#, #"{"delta":{"tool_calls":[{"index":0}]}}"#,
            #"{"delta":{"function_call":{"name":"f"}}}"#, #"{"delta":{"audio":{"id":"a"}}}"#,
            #"{"delta":{"content":"","tool_calls":[ {}]}}"#, #"{"delta":{"content":["x"]}}"#,
            #"{"delta":{"content":"\""}}"#,
            "{\"content\":\ndata: \"x\"}",
        ]
    )
    func some(_ json: String) {
        #expect(Array(json.utf8).withUnsafeBytes { bytes in StreamMarks.mayBearContent(bytes) })
    }

    @Test(
        "is not seen where there is none",
        arguments: [
            #"{"delta":{"role":"assistant","content":""}}"#, #"{"delta":{"content":null,"refusal": null}}"#,
            #"{"delta":{}}"#,
            #"{"delta":{"tool_calls":[],"content" : "" }}"#, #"{"delta":{"tool_calls":[ ],"audio":{ }}}"#,
            #"{"a":"content","b":"reasoning"}"#, #"{"contents":"x","xcontent":"y"}"#, ": OPENROUTER PROCESSING",
            "[DONE]", "",
        ]
    )
    func none(_ json: String) {
        #expect(!Array(json.utf8).withUnsafeBytes { bytes in StreamMarks.mayBearContent(bytes) })
    }
}

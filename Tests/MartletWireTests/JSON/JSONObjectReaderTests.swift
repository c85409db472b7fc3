import MartletWire
import Testing

@Suite("JSON object reader")
struct JSONObjectReaderTests {
    private func read<Result>(
        _ text: String,
        _ body: (inout JSONObjectReader) throws(JSONFieldError) -> Result
    ) throws -> Result {
        try JSONDocument(Array(text.utf8)).withView { (view) throws(JSONFieldError) in
            var reader = try JSONObjectReader(view)
            return try body(&reader)
        }
    }

    @Test("what is not taken is kept, in order and byte by byte")
    func rest() throws {
        try read(#"{"x" : 1.50, "model":"m", "k\u0065y":[ 1 ], "n":null, "stream":true}"#) {
            reader throws(JSONFieldError) in
            #expect(reader.peek("model")?.string() == "m")
            #expect(try reader.takeBool("stream") == true)
            #expect(try reader.takeString("model") == "m")
            #expect(try reader.takeString("model") == "m")
            #expect(reader.take("missing") == nil)
            #expect(reader.rest.map { $0.key.string() } == ["x", "key", "n"])
            #expect(!reader.isExhausted)
            var writer = JSONWriter()
            writer.beginObject()
            reader.writeRest(to: &writer)
            writer.endObject()
            #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"x":1.50,"k\u0065y":[ 1 ],"n":null}"#)
            #expect(reader.takeValue("n") == nil)
            #expect(reader.take("x") != nil)
            #expect(reader.take("key") != nil)
            #expect(reader.isExhausted)
        }
    }

    @Test("absent and null are nil for every type")
    func absent() throws {
        try read(#"{"a":null}"#) { reader throws(JSONFieldError) in
            for name in ["a", "b"] as [StaticString] {
                #expect(try reader.takeString(name) == nil)
                #expect(try reader.takeInt(name) == nil)
                #expect(try reader.takeDouble(name) == nil)
                #expect(try reader.takeBool(name) == nil)
                #expect(try reader.takeArray(name) == nil)
                #expect(try reader.takeObject(name) == nil)
            }
        }
    }

    @Test("values of the right type are read")
    func values() throws {
        try read(#"{"i":4.0,"d":0.5,"s":"\n","a":[1,2],"o":{"p":1}}"#) { reader throws(JSONFieldError) in
            #expect(try reader.takeInt("i", in: 0...4) == 4)
            #expect(try reader.requireInt("i") == 4)
            #expect(try reader.takeDouble("d", in: 0...1) == 0.5)
            #expect(try reader.requireString("s") == "\n")
            #expect(try reader.requireArray("a").map { $0.int64() } == [1, 2])
            var inner = try reader.takeObject("o")
            #expect(try inner?.takeInt("p") == 1)
        }
    }

    @Test("errors name the place and what is expected there")
    func errors() throws {
        func error(_ text: String, _ body: (inout JSONObjectReader) throws(JSONFieldError) -> Void) -> String? {
            do {
                try read(text, body)
                return nil
            } catch { return "\(error)" }
        }
        #expect(
            error(#"{"a":1}"#) { reader throws(JSONFieldError) in _ = try reader.takeString("a") }
                == "a: expected a string"
        )
        #expect(
            error("{}") { reader throws(JSONFieldError) in _ = try reader.requireString("a") } == "a: expected a string"
        )
        #expect(error("[]") { _ in } == "expected an object")
        #expect(
            error(#"{"n":5}"#) { reader throws(JSONFieldError) in _ = try reader.takeInt("n", in: 0...4) }
                == "n: expected an integer from 0 to 4"
        )
        #expect(
            error(#"{"n":4.5}"#) { reader throws(JSONFieldError) in _ = try reader.takeInt("n") }
                == "n: expected an integer"
        )
        #expect(
            error(#"{"t":3}"#) { reader throws(JSONFieldError) in _ = try reader.takeDouble("t", in: 0...2) }
                == "t: expected a number from 0.0 to 2.0"
        )
        #expect(
            error(#"{"t":"x"}"#) { reader throws(JSONFieldError) in _ = try reader.takeBool("t") }
                == "t: expected true or false"
        )
        let nested = error(#"{"messages":[{},{},{"content":7}]}"#) { reader throws(JSONFieldError) in
            for message in try reader.requireArray("messages") {
                var inner = try JSONObjectReader(message)
                if message.path == "messages[2]" { _ = try inner.takeArray("content") }
            }
        }
        #expect(nested == "messages[2].content: expected an array")
        let missing = error(#"{"messages":[{}]}"#) { reader throws(JSONFieldError) in
            for message in try reader.requireArray("messages") {
                var inner = try JSONObjectReader(message)
                _ = try inner.require("role", expected: "a role")
            }
        }
        #expect(missing == "messages[0].role: expected a role")
    }
}

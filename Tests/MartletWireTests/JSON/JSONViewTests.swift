import MartletWire
import Testing

@Suite("JSON view")
struct JSONViewTests {
    private func view<Result>(_ text: String, _ body: (JSONView) -> Result) throws -> Result {
        try JSON.withView(of: Array(text.utf8), body)
    }

    @Test("members are found by name, also when the name in the document has escapes")
    func lookUp() throws {
        try view(#" {"a":1, "m\u006fdel" : "x" ,"skip":{"model":2,"q":["}",{"]":"\"}"}]},"":3,"last":[]} "#) { root in
            #expect(root.kind == .object)
            #expect(root.member("model")?.string() == "x")
            #expect(root.member(Array("model".utf8))?.string() == "x")
            #expect(root.member(Array("model".utf8).span)?.string() == "x")
            #expect(root.member("a")?.int64() == 1)
            #expect(root.member("")?.int64() == 3)
            #expect(root.member("last")?.kind == .array)
            #expect(root.member("missing") == nil)
            #expect(root.member("q") == nil)
            #expect(root.member("skip")?.member("q")?.elements.map(\.kind) == [.string, .object])
            #expect(root.member("a")?.member("x") == nil)
            #expect(root.members.map { $0.key.string() } == ["a", "model", "skip", "", "last"])
        }
    }

    @Test("elements are walked in order")
    func elements() throws {
        try view(#"[ 1 , "a,b" , [ ] , {"x":[1,2]},null,true ,false ]"#) { root in
            let kinds: [JSONKind] = [.number, .string, .array, .object, .null, .true, .false]
            #expect(root.elements.map(\.kind) == kinds)
            #expect(root.members.map(\.range).isEmpty)
            let raw = root.elements.map { String(decoding: $0.rawBytes, as: UTF8.self) }
            #expect(raw == ["1", #""a,b""#, "[ ]", #"{"x":[1,2]}"#, "null", "true", "false"])
            #expect(root.elements.map(\.isNull) == [false, false, false, false, true, false, false])
            #expect(root.elements.map { $0.bool() } == [nil, nil, nil, nil, nil, true, false])
        }
    }

    @Test("strings are decoded")
    func strings() throws {
        try view(#""a\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\uD834\uDD1Eé𝄞\u0000""#) { root in
            let expected = "a\"\\/\u{8}\u{C}\n\r\tAé€𝄞é𝄞\0"
            #expect(root.string() == expected)
            #expect(root.hasEscapes)
            #expect(root.equalsString(Array(expected.utf8)))
            #expect(!root.equalsString(Array(expected.utf8.dropLast())))
            #expect(!root.equalsString(Array((expected + "x").utf8)))
            let length = root.withStringBytes { span in span.count }
            #expect(length == expected.utf8.count)
            var output: [UInt8] = [1]
            #expect(root.appendDecodedString(to: &output))
            #expect(output == [1] + Array(expected.utf8))
        }
        try view(#""""#) { root in
            #expect(root.string() == "")
            #expect(root.equalsString(""))
            #expect(!root.equalsString("a"))
        }
        try view("12") { root in
            #expect(root.string() == nil)
            #expect(!root.equalsString("12"))
            #expect(root.withStringBytes { $0.count } == nil)
            var output: [UInt8] = []
            #expect(!root.appendDecodedString(to: &output))
        }
    }

    @Test(
        "integers in any notation",
        arguments: [
            ("4", 4), ("4.0", 4), ("4e0", 4), ("40e-1", 4), ("0.4e1", 4), ("0.0004E+4", 4), ("-0", 0), ("0.000", 0),
            ("0e99999999999999999999", 0), ("0.0e-99999999999999999999", 0), ("9223372036854775807", Int64.max),
            ("-9223372036854775808", Int64.min), ("-9.223372036854775808e18", Int64.min),
            ("1e18", 1_000_000_000_000_000_000),
            ("120000e-4", 12), ("1200.00e-2", 12), ("-7", -7),
        ] as [(String, Int64)]
    )
    func integers(_ text: String, _ value: Int64) throws { #expect(try view(text) { $0.int64() } == value) }

    @Test(
        "numbers that are no 64-bit integer have no integer value",
        arguments: [
            "4.5", "1e-1", "0.1", "9223372036854775808", "-9223372036854775809", "1e19", "1e400",
            "-1e99999999999999999999",
            "1e-99999999999999999999", "12e-1", "99999999999999999999999999999", "\"4\"", "true", "null", "[]", "{}",
        ]
    )
    func noIntegers(_ text: String) throws { #expect(try view(text) { $0.int64() } == nil) }

    @Test(
        "doubles are the nearest value",
        arguments: [
            "0", "-0", "1", "0.1", "-0.3", "1e22", "1e23", "9007199254740993", "123456789012345678901234567890",
            "5e-324",
            "1.7976931348623157e308", "2.2250738585072014e-308", "3.141592653589793", "0.000001", "1e-7", "100e-2",
            "1E5",
        ]
    )
    func doubles(_ text: String) throws {
        let expected = try #require(Double(text))
        let value = try #require(try view(text) { $0.double() })
        #expect(value.bitPattern == expected.bitPattern)
    }

    @Test("a number too large for a double has no double value")
    func infinite() throws {
        #expect(try view("1e999") { $0.double() } == nil)
        #expect(try view("\"1\"") { $0.double() } == nil)
    }

    @Test("a view on bytes that were never checked gives wrong answers and does not trap")
    func unchecked() {
        var random = SeededGenerator(seed: 5)
        let alphabet = Array(#"{}[]",:\u0d8 1-.e"#.utf8)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            bytes.withUnsafeBytes { buffer in
                guard let view = JSONView(validated: buffer) else { return }
                _ = Tree(view)
                _ = view.int64()
                _ = view.double()
                _ = view.member("a")
            }
        }
    }

    @Test("paths name members and positions")
    func paths() throws {
        try view(#" {"messages":[{},{"a":1},{"content":{"odd key":[null]}}],"x":"y"} "#) { root in
            #expect(root.path == "")
            let messages = root.member("messages")
            #expect(messages?.path == "messages")
            let third = messages?.elements.map { $0 }.last
            #expect(third?.path == "messages[2]")
            let odd = third?.member("content")?.member("odd key")
            #expect(odd?.path == #"messages[2].content["odd key"]"#)
            #expect(odd?.elements.map(\.path) == [#"messages[2].content["odd key"][0]"#])
            #expect(root.member("x")?.path == "x")
        }
    }
}

import MartletWire
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test("commas and colons are where they belong")
    func commas() {
        var writer = JSONWriter(appendingTo: Array("x=".utf8), reserving: 100)
        writer.object { writer in
            writer.key("a")
            writer.integer(1)
            writer.key(Array("b".utf8))
            writer.array { writer in
                writer.array { _ in }
                writer.object { _ in }
                writer.bool(true)
                writer.bool(false)
                writer.null()
                writer.raw(Array("[1, 2]".utf8))
            }
            writer.key("c")
            writer.object { writer in
                writer.key("d")
                writer.string("e")
            }
            writer.key("f")
            writer.string(Array("g".utf8))
        }
        let text = String(decoding: writer.bytes, as: UTF8.self)
        #expect(text == #"x={"a":1,"b":[[],{},true,false,null,[1, 2]],"c":{"d":"e"},"f":"g"}"#)
    }

    @Test("numbers are written in full and read back as they were")
    func numbers() throws {
        var writer = JSONWriter()
        writer.array { writer in
            for value in [Int64.min, -1, 0, 10, Int64.max] { writer.integer(value) }
            writer.integer(UInt64.max)
            for value in [0.1, -0.0, 1, 1e300, .leastNonzeroMagnitude, 1.0 / 3] { writer.double(value) }
            for value in [Double.nan, .infinity, -.infinity] { writer.double(value) }
        }
        let elements = try Tree.parse(writer.bytes)
        let integers = ["-9223372036854775808", "-1", "0", "10", "9223372036854775807", "18446744073709551615"]
        guard case .array(let trees) = elements else { return #expect(Bool(false), "not an array") }
        #expect(Array(trees.prefix(6)) == integers.map { .number($0) })
        try JSON.withView(of: writer.bytes) { root in
            let doubles = root.elements.dropFirst(6).prefix(6).map { $0.double() }
            #expect(doubles == [0.1, -0.0, 1, 1e300, .leastNonzeroMagnitude, 1.0 / 3])
            #expect(root.elements.suffix(3).map(\.isNull) == [true, true, true])
        }
    }

    @Test("doubles of any bit pattern round-trip")
    func randomDoubles() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<3000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            var writer = JSONWriter()
            writer.double(value)
            let back = try JSON.withView(of: writer.bytes) { $0.double() }
            #expect(back?.bitPattern == value.bitPattern)
        }
    }

    @Test("escapes are the shortest, and all other text passes as it is")
    func escapes() {
        var output: [UInt8] = []
        JSONString.escape(Array("a\"b\\c/\u{8}\t\n\u{C}\r\0\u{1F}\u{7F}é€𝄞\u{2028}".utf8), into: &output)
        let expected = #"a\"b\\c/\b\t\n\f\r\u0000\u001f"# + "\u{7F}é€𝄞\u{2028}"
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }

    @Test("bytes that are not UTF-8 become U+FFFD")
    func repair() throws {
        var output: [UInt8] = []
        JSONString.escape([0x61, 0xFF, 0x62, 0xC3, 0xE2, 0x82, 0xAC, 0xED, 0xA0, 0x80, 0xC3], into: &output)
        #expect(String(decoding: output, as: UTF8.self) == "a\u{FFFD}b\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}")
    }

    @Test("any text round-trips through a written string", arguments: 0..<20)
    func roundTrip(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<50 {
            let scalars = (0..<Int.random(in: 0...60, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...(random.chance(2) ? 0x7F : 0x10_FFFF), using: &random))
            }
            var text = ""
            for scalar in scalars { text.unicodeScalars.append(scalar) }
            var writer = JSONWriter()
            writer.string(text)
            let back = try JSON.withView(of: writer.bytes) { view in
                #expect(view.equalsString(Array(text.utf8)))
                return view.string()
            }
            #expect(back.map { Array($0.utf8) } == Array(text.utf8))
        }
    }
}

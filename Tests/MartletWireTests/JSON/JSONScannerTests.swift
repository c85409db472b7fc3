import MartletWire
import Testing

@Suite("JSON scanner: what is accepted")
struct JSONScannerTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var bytes: [UInt8]
        var kind: JSONError.Kind?
        var offset: Int?

        init(_ name: String, _ text: String, _ kind: JSONError.Kind? = nil, at offset: Int? = nil) {
            self.init(name, Array(text.utf8), kind, at: offset)
        }

        init(_ name: String, _ bytes: [UInt8], _ kind: JSONError.Kind? = nil, at offset: Int? = nil) {
            (self.name, self.bytes, self.kind, self.offset) = (name, bytes, kind, offset)
        }

        /// A string with these bytes between the quotes.
        static func string(_ name: String, _ inner: [UInt8], _ kind: JSONError.Kind? = nil, at: Int? = nil) -> Case {
            Case(name, [0x22] + inner + [0x22], kind, at: at)
        }

        var testDescription: String { name }
    }

    static let accepted: [Case] = [
        Case("an empty object", "{}"), Case("an empty array", "[]"), Case("white space inside", "{ }"),
        Case("all four kinds of white space", " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n"),
        Case("a lone string", "\"a\""), Case("an empty string", "\"\""), Case("a lone integer", "0"),
        Case("a lone number with space", "12 "), Case("true", "true"), Case("false", "false"), Case("null", "null"),
        Case("negative zero", "-0"), Case("a fraction", "0.5"), Case("exponents", "[1e1,1E1,1e+1,1e-1,0e0,1.5e10]"),
        Case("a very long number", String(repeating: "9", count: 5000)),
        Case("a very large exponent", "1e999999999999"),
        Case("all short escapes", #""\"\\\/\b\f\n\r\t""#), Case("an escaped NUL", #""\u0000""#),
        Case("an escaped surrogate pair", #""\uD834\uDD1E""#), Case("lower-case hexadecimal", #""\ud834\udd1e\uabcd""#),
        Case("DEL, which is no control character here", "\"\u{7F}\""),
        Case("two-, three- and four-byte UTF-8", "\"é€𝄞\u{10FFFF}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\""),
        Case("the scalars next to the surrogates", "\"\u{D7FF}\u{E000}\""),
        Case("a byte order mark inside a string", "\"\u{FEFF}\""),
        Case("an empty key", #"{"":1}"#), Case("nested objects with the same keys", #"{"a":{"a":{"a":1}}}"#),
        Case("siblings with the same keys", #"[{"a":1},{"a":2}]"#),
        Case("keys that differ in case", #"{"a":1,"A":2}"#),
        Case("keys that are canonically equivalent", "{\"\u{E9}\":1,\"e\u{301}\":2}"),
        Case("a key with a NUL next to one without", #"{"text":1,"text\u0000":2}"#),
        Case("line separators", "\"\u{2028}\u{2029}\""),
        Case("an object of every kind", #"{"a":[],"b":{},"c":"","d":0,"e":true,"f":false,"g":null}"#),
    ]

    @Test("accepts", arguments: accepted)
    func accepts(_ item: Case) {
        #expect(scan(item.bytes).error == nil)
        for cut in 0...item.bytes.count { #expect(scan(item.bytes, cuts: [cut]) == scan(item.bytes)) }
    }

    static let grammar: [Case] = [
        Case("nothing", "", .incomplete, at: 0), Case("only white space", " \n", .incomplete, at: 2),
        Case("an open array", "[1", .incomplete, at: 2), Case("an open object", #"{"a":1"#, .incomplete, at: 6),
        Case("an open string", #""abc"#, .incomplete, at: 4), Case("an open escape", #""\"#, .incomplete, at: 2),
        Case("an open unicode escape", #""\u00"#, .incomplete, at: 5), Case("half a literal", "tru", .incomplete),
        Case("a key without value", #"{"a""#, .incomplete), Case("a colon without value", #"{"a":"#, .incomplete),
        Case("a comma and nothing", "[1,", .incomplete), Case("a minus", "-", .incomplete, at: 1),
        Case("a dot without digits", "1.", .incomplete), Case("an exponent without digits", "1e", .incomplete),
        Case("an exponent sign without digits", "1e+", .incomplete),
        Case("a trailing comma in an array", "[1,]", .invalid, at: 3),
        Case("a trailing comma in an object", #"{"a":1,}"#, .invalid, at: 7),
        Case("a leading comma", "[,1]", .invalid, at: 1), Case("two commas", "[1,,2]", .invalid, at: 3),
        Case("a missing comma", "[1 2]", .invalid, at: 3), Case("a missing colon", #"{"a" 1}"#, .invalid, at: 5),
        Case("two colons", #"{"a"::1}"#, .invalid, at: 5), Case("a number as key", "{1:1}", .invalid, at: 1),
        Case("a bare key", "{a:1}", .invalid, at: 1), Case("single quotes", "'a'", .invalid, at: 0),
        Case("an array closed by a brace", "[1}", .invalid, at: 2),
        Case("an object closed by a bracket", #"{"a":1]"#, .invalid, at: 6),
        Case("an empty array closed by a brace", "[}", .invalid, at: 1),
        Case("an empty object closed by a bracket", "{]", .invalid, at: 1),
        Case("a lone closing bracket", "]", .invalid, at: 0), Case("a lone comma", ",", .invalid, at: 0),
        Case("a colon in an array", "[1:2]", .invalid, at: 2), Case("NaN", "NaN", .invalid, at: 0),
        Case("Infinity", "Infinity", .invalid, at: 0), Case("-Infinity", "-Infinity", .invalid, at: 1),
        Case("nan in lower case", "nan", .invalid, at: 1), Case("True", "True", .invalid, at: 0),
        Case("a misspelt literal", "[trux]", .invalid, at: 4), Case("a literal in capitals", "nULL", .invalid, at: 1),
        Case("a literal that goes on", "[truee]", .invalid, at: 5), Case("a leading zero", "[01]", .invalid, at: 2),
        Case("a negative leading zero", "[-01]", .invalid, at: 3), Case("a leading plus", "[+1]", .invalid, at: 1),
        Case("a leading dot", "[.5]", .invalid, at: 1), Case("a dot before a comma", "[1.,2]", .invalid, at: 3),
        Case("two dots", "[1.2.3]", .invalid, at: 4), Case("a minus alone", "[-]", .invalid, at: 2),
        Case("two minuses", "[--1]", .invalid, at: 2), Case("an empty exponent", "[1e]", .invalid, at: 3),
        Case("an exponent with a fraction", "[1e1.5]", .invalid, at: 4), Case("hexadecimal", "[0x1]", .invalid, at: 2),
        Case("a comment", "[1/**/]", .invalid, at: 2), Case("a form feed as space", "[1\u{0C}]", .invalid, at: 2),
        Case("a no-break space", "[1\u{A0}]", .invalid, at: 2), Case("a NUL", [0x5B, 0x00, 0x5D], .invalid, at: 1),
        Case("a byte order mark", [0xEF, 0xBB, 0xBF, 0x7B, 0x7D], .invalid, at: 0),
        Case("UTF-16, little-endian", [0x7B, 0x00, 0x7D, 0x00], .invalid, at: 1),
        Case("UTF-16, big-endian", [0x00, 0x7B, 0x00, 0x7D], .invalid, at: 0),
        Case("two values", "1 2", .trailingData, at: 2), Case("two objects", "{}{}", .trailingData, at: 2),
        Case("a comma after the end", "[],", .trailingData, at: 2), Case("a NUL after the end", "{}\0", .trailingData),
        Case("two strings", #""a""b""#, .trailingData, at: 3),
        Case("one bracket too many", "[]]", .trailingData, at: 2),
    ]

    static let strings: [Case] = [
        .string("a line feed", [0x0A], .controlCharacter, at: 1),
        .string("a tab", [0x61, 0x09], .controlCharacter, at: 2),
        .string("a NUL in a string", [0x00], .controlCharacter), .string("0x1F", [0x1F], .controlCharacter),
        .string("an unknown escape", Array(#"\x"#.utf8), .invalidEscape, at: 1),
        .string("an escaped single quote", Array(#"\'"#.utf8), .invalidEscape),
        .string("a capital U", Array(#"\U0041"#.utf8), .invalidEscape),
        .string("an escape of a byte above 0x7F", [0x5C, 0xC3, 0xA9], .invalidEscape),
        .string("an escaped NUL byte", [0x5C, 0x00], .invalidEscape),
        .string("a short unicode escape", Array(#"\u004"#.utf8), .invalidEscape, at: 1),
        .string("a letter that is no digit", Array(#"\u00G0"#.utf8), .invalidEscape),
        .string("a sign in a unicode escape", Array(#"\u+041"#.utf8), .invalidEscape),
        .string("a lone high surrogate", Array(#"a\uD800"#.utf8), .loneSurrogate, at: 2),
        .string("a lone low surrogate", Array(#"\uDC00"#.utf8), .loneSurrogate, at: 1),
        .string("two high surrogates", Array(#"\uD800\uD800"#.utf8), .loneSurrogate, at: 1),
        .string("surrogates in the wrong order", Array(#"\uDC00\uD800"#.utf8), .loneSurrogate, at: 1),
        .string("a high surrogate and a letter", Array(#"\uD800x"#.utf8), .loneSurrogate),
        .string("a high surrogate and another escape", Array(#"\uD800\n"#.utf8), .loneSurrogate),
        .string("a high surrogate and an escaped letter", Array(#"\uDBFF\u0041"#.utf8), .loneSurrogate),
        .string("a high surrogate and a broken escape", Array(#"\uDBFF\uDCxx"#.utf8), .loneSurrogate),
        .string("a lone continuation byte", [0x80], .invalidUTF8, at: 1),
        .string("two-byte overlong", [0xC0, 0xAF], .invalidUTF8, at: 1),
        .string("two-byte overlong of a letter", [0x61, 0xC1, 0xA1, 0x61, 0x61], .invalidUTF8, at: 2),
        .string("three-byte overlong", [0xE0, 0x80, 0xAF], .invalidUTF8),
        .string("three-byte overlong, highest", [0xE0, 0x9F, 0xBF, 0x61], .invalidUTF8),
        .string("four-byte overlong", [0xF0, 0x80, 0x80, 0xAF], .invalidUTF8),
        .string("four-byte overlong, highest", [0xF0, 0x8F, 0xBF, 0xBF], .invalidUTF8),
        .string("an encoded high surrogate", [0xED, 0xA0, 0x80], .invalidUTF8),
        .string("an encoded low surrogate", [0xED, 0xBF, 0xBF, 0x61], .invalidUTF8),
        .string("U+110000", [0xF4, 0x90, 0x80, 0x80], .invalidUTF8),
        .string("0xF5", [0xF5, 0x80, 0x80, 0x80], .invalidUTF8),
        .string("a five-byte form", [0xF8, 0x88, 0x80, 0x80, 0x80], .invalidUTF8),
        .string("0xFE", [0xFE], .invalidUTF8),
        .string("0xFF", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .invalidUTF8),
        .string("a short two-byte form", [0xC3], .invalidUTF8),
        .string("a short three-byte form", [0xE2, 0x82], .invalidUTF8),
        .string("a short four-byte form", [0xF0, 0x9D, 0x84], .invalidUTF8, at: 1),
        .string("a short form before letters", [0xE2, 0x82, 0x61, 0x61, 0x61], .invalidUTF8, at: 1),
        .string("Latin-1", [0x63, 0x61, 0x66, 0xE9], .invalidUTF8, at: 4),
        Case("an open sequence at the end", [0x22, 0xE2, 0x82], .incomplete, at: 3),
        Case("invalid UTF-8 in a key", [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], .invalidUTF8, at: 2),
    ]

    @Test("refuses", arguments: grammar + strings)
    func refuses(_ item: Case) throws {
        let error = try #require(scan(item.bytes).error)
        #expect(error.kind == item.kind)
        if let offset = item.offset { #expect(error.offset == offset) }
        for cut in 0...item.bytes.count { #expect(scan(item.bytes, cuts: [cut]).error == error) }
        #expect(scan(item.bytes, cuts: Array(0...item.bytes.count)).error == error)
    }

    @Test(
        "the same holds in the middle of a long document, whole and byte by byte",
        arguments: accepted + grammar + strings
    )
    func inside(_ item: Case) {
        for (before, after) in [("[0,", ",0]"), (#"{"k":[],"v":"#, #","w":0}"#), (#"[{"a":"b","#, "}]")] {
            let bytes = Array(before.utf8) + item.bytes + Array(after.utf8) + [UInt8](repeating: 0x20, count: 150)
            let whole = scan(bytes)
            #expect(scan(bytes, cuts: Array(0...bytes.count - 140)) == whole)
            let endsTooEarly = item.kind == .incomplete || item.kind == .trailingData
            if before.last != ",", !endsTooEarly {
                #expect(whole.error?.kind == item.kind)
                if let offset = item.offset { #expect(whole.error?.offset == offset + before.utf8.count) }
            }
        }
    }

    @Test("every invalid sequence is found at any place in a long text")
    func badBytesAnywhere() {
        for place in 0..<70 {
            for bad: [UInt8] in [[0xFF], [0x0A], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x5C, 0x78]] {
                let text = [UInt8](repeating: 0x61, count: place) + bad + [UInt8](repeating: 0x62, count: 70 - place)
                #expect(scan([0x22] + text + [0x22]).error?.offset == place + 1)
            }
        }
    }

    @Test("every scalar value is accepted raw, and every surrogate is refused")
    func allScalars() {
        for lead in stride(from: UInt32(0x20), through: 0x10_FFFF, by: 0x35) {
            if let scalar = Unicode.Scalar(lead), lead != 0x22, lead != 0x5C {
                let bytes = Array("\"\(scalar)\"".utf8)
                #expect(scan(bytes).error == nil, "U+\(String(lead, radix: 16))")
                #expect(scan(bytes + [0x20, 0x20, 0x20]).error == nil, "U+\(String(lead, radix: 16))")
            }
        }
        for surrogate in UInt32(0xD800)...0xDFFF {
            let tail = [UInt8(0x80 | surrogate >> 6 & 0x3F), UInt8(0x80 | surrogate & 0x3F)]
            #expect(scan([0x22, 0xED] + tail + [0x22]).error?.kind == .invalidUTF8)
        }
    }

    @Test("an error is thrown again by every later call")
    func stickyError() {
        var scanner = JSONScanner()
        let bytes = Array("[1,]".utf8)
        #expect(throws: JSONError(kind: .invalid, offset: 3)) { try scanner.scan(bytes.span) }
        #expect(throws: JSONError(kind: .invalid, offset: 3)) { try scanner.finish(Array("[1,2]".utf8).span) }
    }

    @Test("128 levels are accepted and 129 are not, for arrays and objects")
    func depth() {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
            let levels = open.count { $0 == "[" || $0 == "{" }
            let good =
                String(repeating: open, count: 128 / levels) + "1" + String(repeating: close, count: 128 / levels)
            #expect(scan(good).error == nil)
            let error = scan("[" + good + "]").error
            #expect(error?.kind == .tooDeep)
        }
        let arrays = String(repeating: "[", count: 129)
        #expect(scan(arrays).error == JSONError(kind: .tooDeep, offset: 128))
        #expect(scan("[[]]", limits: JSONLimits(maxDepth: 1)).error == JSONError(kind: .tooDeep, offset: 1))
        #expect(scan("1", limits: JSONLimits(maxDepth: 0)).error == nil)
    }

    @Test("the key limit counts the keys of all objects together")
    func keyLimit() {
        let limits = JSONLimits(maxKeys: 3)
        #expect(scan(#"[{"a":1},{"a":1},{"a":1}]"#, limits: limits).error == nil)
        let error = scan(#"[{"a":1},{"a":1},{"a":1},{"a":1}]"#, limits: limits).error
        #expect(error == JSONError(kind: .tooManyKeys, offset: 26))
    }
}

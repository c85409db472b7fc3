import MartletWire
import Testing

@Suite("JSON scanner: facts and cuts")
struct JSONScannerFactsTests {
    @Test("the members of the top-level object are listed with their places, kinds and counts")
    func members() throws {
        let text =
            #" { "model" : "m", "a\u0062":[ 1,[2],{"x":[3,4]} ],"e":[],"o":{"x":1,"y":{}},"n":-1.5 , "t":true,"z":null}"#
        let bytes = Array(text.utf8)
        let result = scan(bytes)
        func slice(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        #expect(result.members.map { slice($0.key) } == ["model", #"a\u0062"#, "e", "o", "n", "t", "z"])
        #expect(result.members.map(\.keyHasEscapes) == [false, true, false, false, false, false, false])
        let values = [#""m""#, #"[ 1,[2],{"x":[3,4]} ]"#, "[]", #"{"x":1,"y":{}}"#, "-1.5", "true", "null"]
        #expect(result.members.map { slice($0.value) } == values)
        #expect(result.members.map(\.kind) == [.string, .array, .array, .object, .number, .true, .null])
        #expect(result.members.map(\.count) == [0, 3, 0, 2, 0, 0, 0])
        #expect(result.rootKind == .object)
        #expect(result.rootRange == 1..<bytes.count)
    }

    @Test(
        "an array tells whether it holds nothing but objects, however it is cut and spaced",
        arguments: [
            (#"[]"#, true), (#"[{}]"#, true), (#"[{"a":[1]} , {"b":"}"} ]"#, true), (#"[{},1]"#, false),
            (#"["}"]"#, false), (#"[[{}]]"#, false), (#"[null,{}]"#, false), (#"[{}, "x" ,{}]"#, false),
        ]
    )
    func onlyObjects(array: String, expected: Bool) throws {
        let text = #"{"before":[1],"m":"# + array + #","after":[{}]}"#
        for step in [1, 7, text.utf8.count] {
            var scanner = JSONScanner()
            let bytes = Array(text.utf8)
            for end in stride(from: step, to: bytes.count, by: step) {
                let received = Array(bytes[..<end])
                try scanner.scan(received.span)
            }
            try scanner.finish(bytes.span)
            #expect(scanner.members.map(\.holdsOnlyObjects) == [false, expected, true])
        }
    }

    @Test("a document that is no object has no members", arguments: [#"[{"a":1}]"#, "1", #""x""#, "null", "[[[1]]]"])
    func noMembers(_ text: String) { #expect(scan(text).members.isEmpty) }

    @Test("text is counted decoded, by key, at any depth")
    func textBytes() {
        #expect(scan(#"{"content":"abc"}"#).textBytes == 3)
        #expect(scan(#"[[{"x":{"text":"\n\u00e9\uD834\uDD1Eé"}}]]"#).textBytes == 1 + 2 + 4 + 2)
        #expect(scan(#"{"input":"ab","prompt":"c","system":"d","instructions":"e"}"#).textBytes == 5)
        #expect(scan(#"{"inpu":"ab","prompts":"c","role":"d","instructionz":"e","contenT":"f"}"#).textBytes == 0)
        #expect(scan(#"{"c\u006fntent":"abc"}"#).textBytes == 3)
        #expect(scan(#"{"input":["ab","c",["no"],{"x":"no","text":"yes"},"d"],"y":"no"}"#).textBytes == 7)
        #expect(scan(#"{"content":["no",{"text":"yes"}]}"#).textBytes == 3)
        #expect(scan(#"{"prompt":[[1,2],"ab"],"content":{"x":"no"}}"#).textBytes == 2)
        #expect(scan(#"{"content":""}"#).textBytes == 0)
    }

    @Test("image members are counted by key, whatever their value is")
    func imageParts() {
        #expect(scan(#"{"image_url":1,"input_image":{},"image":[],"source":{"image":"x"}}"#).imageParts == 5)
        #expect(scan(#"{"image_urls":1,"input_imagE":{},"imag":[],"sources":{"images":"x"}}"#).imageParts == 0)
        #expect(scan(#"["image","source",{"x":"image_url"}]"#).imageParts == 0)
    }

    @Test("where the input is cut makes no difference", arguments: 0..<30)
    func cutInvariance(_ seed: Int) {
        var generator = RandomJSON(seed: UInt64(seed))
        for _ in 0..<8 {
            var bytes = generator.document().bytes
            // Half of the documents are damaged in one place.
            if generator.random.chance(2), let place = bytes.indices.randomElement(using: &generator.random) {
                switch Int.random(in: 0..<3, using: &generator.random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator.random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator.random), at: place)
                }
            }
            let whole = scan(bytes)
            if bytes.count < 1500 { #expect(scan(bytes, cuts: Array(0...bytes.count)) == whole) }
            for _ in 0..<20 {
                var cuts = (0..<Int.random(in: 1...6, using: &generator.random)).map { _ in
                    Int.random(in: 0...bytes.count, using: &generator.random)
                }
                cuts.sort()
                #expect(scan(bytes, cuts: cuts) == whole)
            }
        }
    }

    @Test("every random document is accepted and means what was written", arguments: 0..<60)
    func roundTrip(_ seed: Int) throws {
        var generator = RandomJSON(seed: UInt64(1000 + seed))
        for _ in 0..<20 {
            let (bytes, tree) = generator.document()
            #expect(try Tree.parse(bytes) == tree)
        }
    }

    @Test("one long string that arrives byte by byte takes linear time")
    func longStringByteByByte() throws {
        let bytes = [0x22] + [UInt8](repeating: 0x61, count: 40_000) + [0x22]
        var scanner = JSONScanner()
        try bytes.withUnsafeBytes { buffer in
            for end in 0...bytes.count { try scanner.scan(UnsafeRawBufferPointer(rebasing: buffer[..<end])) }
            try scanner.finish(buffer)
        }
        #expect(scanner.rootRange == 0..<bytes.count)
        #expect(scanner.scannedBytes == bytes.count)
    }
}

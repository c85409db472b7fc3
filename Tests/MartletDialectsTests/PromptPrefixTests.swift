import MartletDialects
import MartletWire
import Testing

@Suite("Beginning of a prompt") struct PromptPrefixTests {
    private func hash(_ text: String, salt: UInt64 = 1) throws -> UInt64? {
        let body = Array(text.utf8)
        var scanner = JSONScanner()
        try scanner.finish(body.span)
        return body.withUnsafeBytes { PromptPrefix.hash($0, scanner: scanner, salt: salt) }
    }

    private static let system = #"{"role":"system","content":"Be brief."}"#
    private static let user = #"{"role":"user","content":"Hello"}"#
    private static let answer = #"{"role":"assistant","content":"Hi."}"#

    private func chat(_ messages: String..., members: String = "") -> String {
        #"{"model":"a","messages":[\#(messages.joined(separator: ","))]\#(members)}"#
    }

    @Test func `stays the same from turn to turn, whatever else the request says`() throws {
        let first = try #require(try hash(chat(Self.system, Self.user)))
        #expect(try hash(chat(Self.system, Self.user, Self.answer, #"{"role":"user","content":"And?"}"#)) == first)
        #expect(try hash(chat(Self.system, Self.user, members: #","stream":true,"temperature":1"#)) == first)
    }

    @Test func `tells conversations and callers apart`() throws {
        let all = [
            try hash(chat(Self.system, Self.user)), try hash(chat(Self.user)), try hash(chat(Self.answer, Self.user)),
            try hash(chat(Self.system, Self.user), salt: 2),
            try hash(chat(Self.system, #"{"role":"user","content":"Hello!"}"#)),
            try hash(chat(Self.system)),
        ]
        #expect(Set(all).count == all.count && !all.contains(nil))
    }

    @Test(arguments: [
        (#"{"system":"S","messages":[M]}"#, #"{"system":"T","messages":[M]}"#),
        (#"{"instructions":"S","input":"hello"}"#, #"{"instructions":"S","input":"hello there"}"#),
        (#"{"input":[M]}"#, #"{"input":[{"role":"user","content":"x"}]}"#),
        (#"{"systemInstruction":{"parts":[]},"contents":[M]}"#, #"{"contents":[M]}"#),
        (#"{"prompt":"once"}"#, #"{"prompt":"twice"}"#),
    ]) func `is read of every wire format`(_ left: String, _ right: String) throws {
        let (one, two) = (left.replacing("M", with: Self.user), right.replacing("M", with: Self.user))
        #expect(try hash(one) != nil && hash(one) == hash(one) && hash(one) != hash(two))
    }

    @Test func `is none where there is no prompt`() throws {
        for body in ["{}", "[]", #"{"model":"m"}"#, #"{"messages":null}"#] { #expect(try hash(body) == nil) }
    }

    @Test func `reads only the beginning of long parts, and their length`() throws {
        let text = String(repeating: "x", count: 1 << 20)
        func long(_ end: String) -> String { chat(#"{"role":"user","content":"\#(text)\#(end)"}"#) }
        #expect(try hash(long("a")) == hash(long("b")))
        #expect(try hash(long("a")) != hash(long("ab")))
    }
}

import MartletCore
import MartletDialects
import Testing

@Suite("OpenAI chat body watcher") struct OpenAIChatBodyWatcherTests {
    private func report(_ bytes: [UInt8], step: Int) throws(ChatFailure) -> OpenAIChatBodyWatcher.Report {
        var watcher = OpenAIChatBodyWatcher()
        for end in stride(from: 0, to: bytes.count, by: step) {
            bytes[..<end].withUnsafeBytes { watcher.watch($0) }
        }
        return try bytes.span.withUnsafeBytes { (all) throws(ChatFailure) in
            try watcher.finish(all)
        }
    }

    @Test(arguments: Fixture.all("responses"), [1, 7, 100_000])
    func `agrees with the decoder however the body arrives`(_ fixture: Fixture, _ step: Int) throws {
        let response = try OpenAIChatCodec().decodeResponse(fixture.bytes)
        let report = try report(fixture.bytes, step: step)
        #expect(report.usage == response.usage?.counts && report.choiceCount == response.choices.count)
    }

    @Test func `counts the output`() throws {
        let body =
            #"{"choices":[{"message":{"content":"\u00e9a","refusal":"no","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}"#
        let report = try report(Array(body.utf8), step: 10)
        #expect(report.contentBytes == 8 && report.estimatedOutputTokens == 2)
    }

    @Test(arguments: [#"{"choices":[]"#, #"{"choices":[]}x"#, #"{"choices":{}}"#, "[]", "{}", "", "<html>"])
    func `refuses what is no answer`(_ body: String) {
        let failure = #expect(throws: ChatFailure.self) { try report(Array(body.utf8), step: 3) }
        guard case .malformed = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
    }

    @Test func `finds an error in a body that says it is fine`() {
        let body = Array(#"{"id":"1","choices":[],"error":{"message":"no","code":502}}"#.utf8)
        let failure = #expect(throws: ChatFailure.self) { try report(body, step: 5) }
        #expect(failure == .upstream(UpstreamFailure(message: "no", code: "502")))
    }
}

import MartletCore
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("Shapes of answers beside tools") struct ShapesBesideToolsTests {
    private static let schema =
        #","response_format":{"type":"json_schema","json_schema":{"name":"city","schema":{"type":"object"}}}"#
    private static let object = #","response_format":{"type":"json_object"}"#
    private static let tools =
        #","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]"#

    private func sent(_ target: Target, _ extra: String) -> String {
        Driver(Setup(targets: [target])).send(Chat.body(extra: extra)).connect().requestText
    }

    private func sageMaker(_ container: String) -> Target {
        var quirks = Quirks()
        quirks.hosting = Quirks.Hosting(container: container)
        return .sample("sm", dialect: .sageMakerChat, quirks: quirks)
    }

    @Test("TGI on SageMaker gets its own form of a schema, and none beside tools")
    func sageMakerTGI() {
        let alone = sent(sageMaker("tgi"), Self.schema)
        #expect(
            alone.contains(#"{"type":"json_schema","value":{"name":"city","schema":{"type":"object"}}}"#),
            "\(alone)"
        )
        let beside = sent(sageMaker("tgi"), Self.schema + Self.tools)
        #expect(!beside.contains("response_format") && beside.contains(#""name":"f""#), "\(beside)")
        #expect(!sent(sageMaker("tgi"), #","response_format":{"type":"text"}"#).contains("response_format"))
        let other = sent(sageMaker("openai"), Self.schema + Self.tools)
        #expect(other.contains(#""json_schema":{"name":"city""#), "\(other)")
    }

    @Test("a server that takes no shape beside tools gets none, whichever shape it is", arguments: [schema, object])
    func excluded(format: String) {
        var quirks = Quirks()
        quirks.chat = ChatQuirks()
        quirks.chat?.formats = .value
        quirks.chat?.shapeExcludes = [.tools]
        let target = Target.sample("tgi", quirks: quirks)
        #expect(sent(target, format).contains(#""value":"#))
        let beside = sent(target, format + Self.tools)
        #expect(!beside.contains("response_format") && beside.contains("JSON"), "\(beside)")
        #expect(!sent(target, #","response_format":{"type":"text"}"#).contains("response_format"))
    }

    @Test("Gemini of the second generation answers in a shape or calls functions", arguments: [schema, object])
    func gemini(format: String) {
        let second = Target.sample("gemini", model: "gemini-2.5-flash", dialect: .gemini)
        let beside = sent(second, format + Self.tools)
        #expect(!beside.contains("responseMimeType") && beside.contains("functionDeclarations"), "\(beside)")
        #expect(beside.contains("JSON"))
        #expect(sent(second, format).contains("responseMimeType"))
        let third = Target.sample("gemini", model: "gemini-3-pro-preview", dialect: .gemini)
        let both = sent(third, format + Self.tools)
        #expect(both.contains("responseMimeType") && both.contains("functionDeclarations"), "\(both)")
    }

    @Test("nor does it search beside functions, which is named")
    func search() {
        let second = Target.sample("gemini", model: "gemini-2.5-flash", dialect: .gemini)
        let search = #","web_search_options":{}"#
        #expect(sent(second, search).contains("googleSearch"))
        let driver = Driver(Setup(targets: [second])).send(Chat.body(extra: search + Self.tools)).connect()
        #expect(!driver.requestText.contains("googleSearch"), "\(driver.requestText)")
        let third = Target.sample("gemini", model: "gemini-3-pro-preview", dialect: .gemini)
        #expect(sent(third, search + Self.tools).contains("googleSearch"))
    }
}

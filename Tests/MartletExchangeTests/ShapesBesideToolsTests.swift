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

}

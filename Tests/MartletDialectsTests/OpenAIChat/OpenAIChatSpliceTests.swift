import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("OpenAI chat splice") struct OpenAIChatSpliceTests {
    private func spliced(
        _ body: [UInt8],
        model: String = "up/m",
        acceptsStreamUsage: Bool = true,
        drop: [String] = []
    ) throws -> [UInt8] {
        var scanner = JSONScanner()
        try scanner.finish(body.span)
        let facts = try facts(body)
        let splice = body.withUnsafeBytes {
            OpenAIChatSplice.edits(
                $0,
                scanner: scanner,
                facts: facts,
                upstreamModel: model,
                acceptsStreamUsage: acceptsStreamUsage,
                dropParams: drop
            )
        }
        return splice.render(body)
    }

    @Test(arguments: [
        // The model, wherever it stands, and every other byte as it was.
        (#" { "model" : "m" , "messages":[{}] } "#, #" { "model" : "up/m" , "messages":[{}] } "#),
        (#"{"messages":[{}],"model":"m"}"#, #"{"messages":[{}],"model":"up/m"}"#),
        (#"{"messages":[{}]}"#, #"{"model":"up/m","messages":[{}]}"#),
        (#"{"model":null,"messages":[{"model":"m"}]}"#, #"{"model":"up/m","messages":[{"model":"m"}]}"#),
        // What speaks to the gateway goes, at the start, in the middle, at the end, all of it.
        (#"{"route":"auto","model":"m","messages":[{}]}"#, #"{"model":"up/m","messages":[{}]}"#),
        (#"{"model":"m","provider":"p","messages":[{}]}"#, #"{"model":"up/m","messages":[{}]}"#),
        (#"{"model":"m","messages":[{}],"smart_routing":true}"#, #"{"model":"up/m","messages":[{}]}"#),
        (
            #"{"route":"local","provider":"p","smart_routing":null,"fallbacks":["f"],"messages":[{}],"metadata":{"app":"a"}}"#,
            #"{"model":"up/m","messages":[{}],"metadata":{"app":"a"}}"#
        ),
        // A vendor's own fields pass.
        (
            #"{"model":"m","messages":[{}],"provider":{"order":["x"]},"route":{"type":"x"}}"#,
            #"{"model":"up/m","messages":[{}],"provider":{"order":["x"]},"route":{"type":"x"}}"#
        ),
        // Usage is asked for when streaming.
        (
            #"{"model":"m","messages":[{}],"stream":true}"#,
            #"{"model":"up/m","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}"#
        ),
        (
            #"{"stream":true,"stream_options":{"x":1},"model":"m","messages":[{}]}"#,
            #"{"stream":true,"stream_options":{"x":1,"include_usage":true},"model":"up/m","messages":[{}]}"#
        ),
        (
            #"{"stream":true,"stream_options":{},"model":"m","messages":[{}]}"#,
            #"{"stream":true,"stream_options":{"include_usage":true},"model":"up/m","messages":[{}]}"#
        ),
        (
            #"{"stream":true,"stream_options":{"include_usage": false},"model":"m","messages":[{}]}"#,
            #"{"stream":true,"stream_options":{"include_usage": true},"model":"up/m","messages":[{}]}"#
        ),
        (
            #"{"stream":true,"stream_options":null,"model":"m","messages":[{}]}"#,
            #"{"stream":true,"stream_options":{"include_usage":true},"model":"up/m","messages":[{}]}"#
        ),
        (
            #"{"stream":true,"stream_options":{"include_usage":true},"model":"m","messages":[{}]}"#,
            #"{"stream":true,"stream_options":{"include_usage":true},"model":"up/m","messages":[{}]}"#
        ),
        (#"{"stream":false,"model":"m","messages":[{}]}"#, #"{"stream":false,"model":"up/m","messages":[{}]}"#),
    ])
    func `edits what must change and nothing else`(_ body: String, _ expected: String) throws {
        #expect(String(decoding: try spliced(Array(body.utf8)), as: UTF8.self) == expected)
    }

    @Test func `does not ask for usage where it is not accepted`() throws {
        let body = Array(#"{"model":"m","messages":[{}],"stream":true}"#.utf8)
        let sent = try spliced(body, acceptsStreamUsage: false)
        #expect(String(decoding: sent, as: UTF8.self) == #"{"model":"up/m","messages":[{}],"stream":true}"#)
    }

    @Test func `drops what the upstream does not take, but never the model`() throws {
        let body = Array(
            #"{"model":"m","a":[1],"messages":[{"a":2}],"stream":true,"stream_options":{},"\u0062":2}"#.utf8
        )
        let sent = try spliced(body, drop: ["a", "b", "stream_options", "model", "absent"])
        #expect(String(decoding: sent, as: UTF8.self) == #"{"model":"up/m","messages":[{"a":2}],"stream":true}"#)
    }

    @Test func `writes a model's name as JSON`() throws {
        let sent = try spliced(Array(#"{"model":"m","messages":[{}]}"#.utf8), model: "a\"\\\n")
        #expect(String(decoding: sent, as: UTF8.self) == #"{"model":"a\"\\\n","messages":[{}]}"#)
    }

    @Test(arguments: Fixture.all("requests"))
    func `says upstream what the codec would say`(_ fixture: Fixture) throws {
        let codec = OpenAIChatCodec()
        var request = try codec.decodeRequest(fixture.bytes)
        request.model = "up/m"
        request.gateway = ChatRequest.GatewayExtensions()
        #expect(try codec.decodeRequest(spliced(fixture.bytes)) == request)
    }
}

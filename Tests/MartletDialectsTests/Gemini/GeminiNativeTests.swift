import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Requests in Gemini's own words") struct GeminiNativeTests {
    private static let body = Array(
        #"""
        {"systemInstruction":"Be brief.","contents":[
        {"parts":[{"text":"Weather?","videoMetadata":{"fps":1}},{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}},
        {"inlineData":{"mimeType":"video/mp4","data":"AAAA","displayName":"v"}},
        {"fileData":{"fileUri":"gs://b/a","mimeType":"image/png"}},{"fileData":{"fileUri":"https://youtu.be/x"}}]},
        {"role":"model","parts":[{"text":"hm","thought":true},{"functionCall":{"name":"f","args":{"a":1}},
        "thoughtSignature":"CiQB"},{"functionCall":{"name":"f"}},{"functionCall":{"id":"x","name":"g"}}]},
        {"role":"function","parts":[{"functionResponse":{"name":"f","response":{"output":"1"}}},
        {"functionResponse":{"name":"f","response":{"error":"e"}}},
        {"functionResponse":{"id":"x","name":"g","response":{"k":[1]},"parts":[{"inlineData":{"mimeType":"image/png",
        "data":"AAAA"}}],"scheduling":"SILENT"}}]},
        {"role":"model","parts":[{"executableCode":{"language":"PYTHON","code":"1"}},{"text":"ok","thoughtSignature":"DDDD"}]},
        {"role":"user","parts":[{"text":"go on"}]}],
        "tools":[{"functionDeclarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT","properties":{
        "a":{"type":"INTEGER","nullable":true},"b":{"type":"ARRAY","items":{"type":"STRING"},"minItems":"2"}},
        "propertyOrdering":["a"]}},{"name":"g","behavior":"BLOCKING"}]},{"googleSearch":{}}],
        "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f","g"]},"retrievalConfig":{"x":1}},
        "generationConfig":{"temperature":0.5,"topK":40,"candidateCount":1,"maxOutputTokens":9,"stopSequences":["a"],
        "seed":1,"responseLogprobs":true,"logprobs":2,"responseMimeType":"application/json","responseSchema":{
        "type":"OBJECT","properties":{"z":{"type":"STRING"}}},"thinkingConfig":{"thinkingBudget":2000},
        "mediaResolution":"MEDIA_RESOLUTION_LOW"},
        "safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}],"cachedContent":"cachedContents/a"}
        """#.utf8
    )

    @Test func `keep what they say, with schemas in the newer spelling`() throws {
        let codec = GeminiCodec(origin: "here")
        let request = try codec.decodeRequest(Self.body)
        let encoded = try codec.encodeRequest(request)
        #expect(encoded.dropped.isEmpty)
        #expect(try codec.decodeRequest(encoded.body) == request)
        let sent = try leaves(encoded.body)
        // These are written otherwise.
        let changed = [
            ".systemInstruction", ".contents[0].role", ".contents[2].role", ".tools[0]", ".generationConfig",
        ]
        for (path, value) in try leaves(Self.body) where !changed.contains(where: { path.hasPrefix($0) }) {
            #expect(sent[path] == value || path.hasPrefix(".contents[3].parts[1]"), "\(path)")
        }
        #expect(sent[".systemInstruction.parts[0].text"] == "\"Be brief.")
        #expect(sent[".contents[2].role"] == "\"user")
        #expect(sent[".contents[3].parts[2].thoughtSignature"] == "\"DDDD")
        let schema = ".tools[0].functionDeclarations[0].parametersJsonSchema"
        #expect(sent[schema + ".properties.a.type[1]"] == "\"null")
        #expect(sent[schema + ".properties.b.minItems"] == "2.0")
        #expect(sent[schema + ".propertyOrdering[0]"] == nil)
        #expect(sent[".generationConfig.responseJsonSchema.properties.z.type"] == "\"string")
        #expect(sent[".generationConfig.thinkingConfig.thinkingBudget"] == "2000.0")
        #expect(sent[".contents[1].parts[2].functionCall.id"] == nil)
    }

    @Test func `go to OpenAI with ids for calls that had none`() throws {
        let request = try GeminiCodec().decodeRequest(Self.body)
        let calls = request.messages.flatMap(\.toolCalls).map(\.id)
        #expect(Set(calls).count == 3 && calls.last == "x")
        let sent = try leaves(OpenAIChatCodec().encodeRequest(request).body)
        #expect(sent[".messages[3].tool_call_id"] == "\"" + calls[0])
        #expect(sent[".messages[4].tool_call_id"] == "\"" + calls[1])
        #expect(sent[".messages[5].content"] != nil || sent[".messages[5].content[0].text"] != nil)
        #expect(request.reasoningEffort == "medium")
    }

    @Test(arguments: [
        ("{}", "contents"), (#"{"contents":1}"#, "contents"), (#"{"contents":[1]}"#, "contents[0]"),
        (#"{"contents":[],"generationConfig":{"candidateCount":0}}"#, "generationConfig.candidateCount"),
        (#"{"contents":[],"tools":[{"functionDeclarations":[{}]}]}"#, "tools[0].functionDeclarations[0].name"),
    ])
    func `name the field that is wrong`(_ body: String, _ field: String) {
        let error = #expect(throws: GatewayError.self) { try GeminiCodec().decodeRequest(Array(body.utf8)) }
        #expect(error?.param == field)
    }

    @Test(arguments: [
        ("gemini-2.5-flash", "/models/gemini-2.5-flash:generateContent"),
        ("models/gemini-3-pro", "/models/gemini-3-pro:generateContent"),
        ("tunedModels/a b", "/tunedModels/a%20b:generateContent"), ("endpoints/12", "/endpoints/12:generateContent"),
        ("a/../b?c", "/models/a%2F..%2Fb%3Fc:generateContent"),
    ])
    func `name the model in one segment of the path`(_ model: String, _ path: String) {
        #expect(Dialect.gemini.chatPath(model: model, stream: false) == path)
    }

    @Test(arguments: [
        ("gemini-1.5-pro", GeminiModelTraits.Thinking.none, false), ("gemini-2.0-flash", .none, false),
        ("gemini-2.5-flash-lite", .budget, false), ("gemini-3-pro-preview", .level, true),
        ("models/gemini-3.5-flash", .level, true), ("gemini-flash-latest", .level, true), ("gemma-3-27b", .none, false),
        ("endpoints/123", .level, true),
    ])
    func `depend on the generation of the model`(
        _ model: String,
        _ thinking: GeminiModelTraits.Thinking,
        _ wantsSignatures: Bool
    ) {
        let traits = GeminiModelTraits(model: model)
        #expect(traits.thinking == thinking && traits.wantsSignatures == wantsSignatures)
    }
}

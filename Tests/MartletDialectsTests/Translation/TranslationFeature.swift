/// One thing that a caller can ask for, as members of a request in OpenAI's chat format.
struct TranslationFeature: Sendable {
    /// How the page names it.
    let title: String
    /// What the request says beside model and messages.
    var members = ""
    /// What the request says without it.
    var membersBefore = ""
    /// The conversation without it, where that is not the plain one.
    var before = Self.plain
    /// The conversation with it.
    var messages = Self.plain

    static let plain = #"{"role":"user","content":"Hello"}"#

    /// The request with the feature, or the same one without it.
    func body(isWithout: Bool = false) -> [UInt8] {
        let more = isWithout ? membersBefore : members
        let members = [#""model":"claude-sonnet-4-5""#, #""messages":[\#(isWithout ? before : messages)]"#, more]
        return Array("{\(members.filter { !$0.isEmpty }.joined(separator: ","))}".utf8)
    }

    private static func user(_ part: String) -> String {
        #"{"role":"user","content":[{"type":"text","text":"Hello"},\#(part)]}"#
    }

    private static let tool = #"{"type":"function","function":{"name":"f","description":"d","parameters":\#(object)}}"#
    private static let object = #"{"type":"object","properties":{"a":{"type":"string"}}}"#
    private static let call = #"{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":\"x\"}"}}"#
    private static let other = #"{"id":"c2","type":"function","function":{"name":"f","arguments":""}}"#

    private static func calls(_ calls: String...) -> String {
        #"\#(plain),{"role":"assistant","content":null,"tool_calls":[\#(calls.joined(separator: ","))]}"#
    }

    private static func result(_ id: String, _ content: String = #""r""#) -> String {
        #",{"role":"tool","tool_call_id":"\#(id)","content":\#(content)}"#
    }

    private static func tools(_ more: String = "", tool: String = tool) -> String { #""tools":[\#(tool)]"# + more }

    static let all: [(group: String, features: [TranslationFeature])] = [
        ("Messages", messageFeatures), ("Tools", toolFeatures), ("Sampling and limits", samplingFeatures),
        ("Shape, thinking, the rest", otherFeatures),
    ]

    private static let messageFeatures = [
        TranslationFeature(title: "System text first", messages: #"{"role":"system","content":"s"},\#(plain)"#),
        TranslationFeature(title: "Developer text first", messages: #"{"role":"developer","content":"s"},\#(plain)"#),
        TranslationFeature(
            title: "System text in the middle",
            messages: #"\#(plain),{"role":"assistant","content":"x"},{"role":"system","content":"s"},\#(plain)"#
        ),
        TranslationFeature(title: "Name of a speaker", messages: #"{"role":"user","name":"ann","content":"Hello"}"#),
        TranslationFeature(
            title: "Answer to go on from",
            messages: #"\#(plain),{"role":"assistant","content":"Well"}"#
        ),
        TranslationFeature(
            title: "Picture as data",
            messages: user(#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#)
        ),
        TranslationFeature(
            title: "Picture by address",
            messages: user(#"{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}"#)
        ),
        TranslationFeature(
            title: "How closely a picture is looked at",
            before: user(#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#),
            messages: user(#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"high"}}"#)
        ),
        TranslationFeature(
            title: "PDF as data",
            messages: user(
                #"{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}}"#
            )
        ),
        TranslationFeature(
            title: "File by the id of an upload",
            messages: user(#"{"type":"file","file":{"file_id":"file-1"}}"#)
        ),
        TranslationFeature(
            title: "Sound",
            messages: user(#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#)
        ),
        TranslationFeature(
            title: "Refusal in the history",
            messages: #"\#(plain),{"role":"assistant","content":null,"refusal":"No."},\#(plain)"#
        ),
        TranslationFeature(
            title: "Thinking in the history",
            before: #"\#(plain),{"role":"assistant","content":"x"},\#(plain)"#,
            messages: #"\#(plain),{"role":"assistant","content":"x","reasoning_content":"hm"},\#(plain)"#
        ),
    ]

    private static let toolFeatures = [
        TranslationFeature(title: "Functions", members: tools()),
        TranslationFeature(
            title: "Function without parameters",
            members: tools(tool: #"{"type":"function","function":{"name":"f"}}"#)
        ),
        TranslationFeature(
            title: "Function with `strict`",
            members: tools(
                tool: #"{"type":"function","function":{"name":"f","strict":true,"parameters":\#(object)}}"#
            )
        ),
        TranslationFeature(
            title: "Tool of free text (`custom`)",
            members: tools(tool: #"{"type":"custom","custom":{"name":"f"}}"#)
        ),
        TranslationFeature(title: "Choice `auto`", members: tools(#","tool_choice":"auto""#), membersBefore: tools()),
        TranslationFeature(title: "Choice `none`", members: tools(#","tool_choice":"none""#), membersBefore: tools()),
        TranslationFeature(
            title: "Choice `required`",
            members: tools(#","tool_choice":"required""#),
            membersBefore: tools()
        ),
        TranslationFeature(
            title: "One function forced",
            members: tools(#","tool_choice":{"type":"function","function":{"name":"f"}}"#),
            membersBefore: tools()
        ),
        TranslationFeature(
            title: "Allowed tools",
            members: tools(
                #","tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","#
                    + #""function":{"name":"f"}}]}}"#
            ),
            membersBefore: tools()
        ),
        TranslationFeature(
            title: "One call at a time",
            members: tools(#","parallel_tool_calls":false"#),
            membersBefore: tools()
        ),
        TranslationFeature(
            title: "Call and result in the history",
            members: tools(),
            membersBefore: tools(),
            messages: calls(call) + result("c1")
        ),
        TranslationFeature(
            title: "Parallel calls, results in any order",
            members: tools(),
            membersBefore: tools(),
            messages: calls(call, other) + result("c2") + result("c1")
        ),
        TranslationFeature(
            title: "Result of several texts",
            members: tools(),
            membersBefore: tools(),
            messages: calls(call) + result("c1", #"[{"type":"text","text":"r"},{"type":"text","text":"s"}]"#)
        ),
    ]

    private static let samplingFeatures = [
        TranslationFeature(title: "`temperature`", members: #""temperature":0.5"#),
        TranslationFeature(title: "`temperature` over 1", members: #""temperature":1.5"#),
        TranslationFeature(title: "`top_p`", members: #""top_p":0.5"#),
        TranslationFeature(title: "`top_k`", members: #""top_k":5"#),
        TranslationFeature(title: "`presence_penalty`", members: #""presence_penalty":0.5"#),
        TranslationFeature(title: "`frequency_penalty`", members: #""frequency_penalty":0.5"#),
        TranslationFeature(title: "`seed`", members: #""seed":5"#),
        TranslationFeature(title: "`stop`", members: #""stop":["x"]"#),
        TranslationFeature(title: "`n` over 1", members: #""n":2"#),
        TranslationFeature(title: "`logprobs`", members: #""logprobs":true"#),
        TranslationFeature(title: "`top_logprobs`", members: #""logprobs":true,"top_logprobs":2"#),
        TranslationFeature(title: "`logit_bias`", members: #""logit_bias":{"5":1}"#),
        TranslationFeature(title: "`max_completion_tokens`", members: #""max_completion_tokens":30000"#),
        TranslationFeature(title: "`max_tokens`", members: #""max_tokens":30000"#),
    ]

    private static let otherFeatures = [
        TranslationFeature(
            title: "Answer of a JSON Schema",
            members: #""response_format":{"type":"json_schema","json_schema":{"name":"s","schema":\#(object)}}"#
        ),
        TranslationFeature(title: "Answer of any JSON object", members: #""response_format":{"type":"json_object"}"#),
        TranslationFeature(title: "`reasoning_effort`", members: #""reasoning_effort":"high""#),
        TranslationFeature(title: "`verbosity`", members: #""verbosity":"low""#),
        TranslationFeature(title: "`stream`", members: #""stream":true"#),
        TranslationFeature(
            title: "`stream_options.include_usage`",
            members: #""stream":true,"stream_options":{"include_usage":true}"#
        ),
        TranslationFeature(title: "`user`", members: #""user":"u1""#),
        TranslationFeature(title: "`safety_identifier`", members: #""safety_identifier":"u1""#),
        TranslationFeature(title: "`metadata`", members: #""metadata":{"k":"v"}"#),
        TranslationFeature(title: "`service_tier`", members: #""service_tier":"auto""#),
        TranslationFeature(title: "`store`", members: #""store":true"#),
        TranslationFeature(title: "`prompt_cache_key`", members: #""prompt_cache_key":"k""#),
        TranslationFeature(title: "`prediction`", members: #""prediction":{"type":"content","content":"x"}"#),
        TranslationFeature(title: "Spoken answer", members: #""modalities":["text","audio"]"#),
        TranslationFeature(title: "Legacy `functions`", members: #""functions":[{"name":"f"}]"#),
        TranslationFeature(title: "Unknown member", members: #""something_new":1"#),
    ]
}

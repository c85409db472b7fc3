import MartletCore
import MartletWire

/// Members of requests that ask for what happens anyway.
///
/// Clients write them out of habit. Where a dialect has no place for one, leaving it out changes nothing, so that it is
/// not named among what was dropped.
enum SilentMembers {
    /// The values, by the name of the member at the top of a body, that say nothing.
    ///
    /// Each is the default of the API that has the member (OpenAI's and Mistral's API references; `api/types.go` of
    /// Ollama), or empty.
    private static let defaults: [String: Set<String>] = [
        "background": ["false"],
        "best_of": ["0", "1"],
        "context": ["[]"],
        "echo": ["false"],
        "encoding_format": [#""float""#],
        "frequency_penalty": ["0", "0.0"],
        "function_call": [#""auto""#],
        "functions": ["[]"],
        "include": ["[]"],
        "logit_bias": ["{}"],
        "logprobs": ["false"],
        "metadata": ["{}"],
        "min_tokens": ["0"],
        "modalities": [#"["text"]"#],
        "n": ["1"],
        "options": ["{}"],
        "parallel_tool_calls": ["true"],
        "presence_penalty": ["0", "0.0"],
        "raw": ["false"],
        "safe_prompt": ["false"],
        "service_tier": [#""auto""#],
        "stop": ["[]"],
        "store": ["false"],
        "stream": ["false"],
        "suffix": [#""""#],
        "system": [#""""#],
        "template": [#""""#],
        "text": [#"{"format":{"type":"text"}}"#],
        "tool_choice": [#""auto""#],
        "tools": ["[]"],
        "top_logprobs": ["0"],
        "truncation": [#""disabled""#],
    ]

    static func contains(_ name: String, _ value: JSONText) -> Bool {
        guard let silent = defaults[name], value.bytes.count <= 64 else { return false }
        // None of the strings in the list holds white space.
        return silent.contains(String(decoding: value.bytes.filter { $0 > 0x20 }, as: UTF8.self))
    }
}

extension ExtraMember {
    /// Whether the member, at the top of a request, asks for nothing but what happens anyway.
    var saysNothing: Bool { isNull || SilentMembers.contains(name, value) }
}

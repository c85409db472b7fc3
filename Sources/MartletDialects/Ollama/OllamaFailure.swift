import MartletCore
import MartletWire

extension UpstreamFailure {
    /// Reads an error body: `{"error":"text"}`, or whatever stands in front of Ollama says in its place.
    init(ollama body: [UInt8]) {
        self.init(openAI: body)
        classify()
    }

    /// Reads an error object.
    init(ollama view: JSONView) {
        self.init(anyShape: view)
        classify()
    }

    /// Ollama has a status and a sentence but no code; where the status alone does not say what to do, the sentence
    /// must.
    ///
    /// The sentences are those of `server/routes.go`, `server/images.go` and `llm/llama_server.go`, and of the engine
    /// below.
    private mutating func classify() {
        guard code == nil else { return }
        let text = Array(message.utf8).map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
        func says(_ phrase: StaticString) -> Bool { text.contains([UInt8](staticString: phrase)) }
        if says("does not support thinking") {
            (code, param) = ("unsupported_parameter", "think")
        } else if says("does not support tools") {
            (code, param) = ("unsupported_parameter", "tools")
        }
    }
}

/// Writes Ollama's error body.
enum OllamaError {
    /// Encodes `{"error":"text"}`.
    static func encode(_ message: String) -> [UInt8] {
        var writer = JSONWriter(reserving: 96)
        writer.object { $0.member("error", message) }
        return writer.bytes
    }
}

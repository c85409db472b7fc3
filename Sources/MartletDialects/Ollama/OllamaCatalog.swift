import MartletWire

/// A model as Ollama's lists show it.
public struct OllamaModel: Hashable, Sendable {
    /// The name clients ask for it by.
    public var id: String
    /// Bytes on disk; 0 for a model elsewhere.
    public var size: Int64
    /// When it last changed, in seconds since 1970.
    public var modified: Int64
    /// The architecture (`llama`, `qwen2`); empty when unknown.
    public var family: String
    /// How many weights it has, as it is usually written (`14.8B`); empty when unknown.
    public var parameterSize: String
    /// How weights are stored (`Q4_K_M`); empty when unknown.
    public var quantization: String
    /// Tokens the model can hold; `nil` when unknown.
    public var contextWindow: Int?
    /// What it can do: `completion`, `tools`, `insert`, `vision`, `embedding`, `thinking`.
    public var capabilities: [String]

    /// Creates a model.
    public init(
        id: String,
        size: Int64 = 0,
        modified: Int64,
        family: String = "",
        parameterSize: String = "",
        quantization: String = "",
        contextWindow: Int? = nil,
        capabilities: [String] = ["completion"]
    ) {
        self.id = id
        self.size = size
        self.modified = modified
        self.family = family
        self.parameterSize = parameterSize
        self.quantization = quantization
        self.contextWindow = contextWindow
        self.capabilities = capabilities
    }
}

/// Writes the answers of the routes that only tell about models.
///
/// Source: `api/types.go` of github.com/ollama/ollama (`ListResponse`, `ProcessResponse`, `ShowResponse`).
public enum OllamaCatalog {
    /// The answer of `GET /api/tags`: all models.
    public static func tags(_ models: [OllamaModel]) -> [UInt8] {
        list(models) { model, writer in
            writer.member("modified_at", OllamaTime.text(model.modified))
            writer.member("size", model.size)
            writer.member("digest", digest(model.id))
            writeDetails(model, to: &writer)
            writeCapabilities(model, to: &writer)
        }
    }

    /// The answer of `GET /api/ps`: models that are ready.
    ///
    /// - Parameters:
    ///   - models: The models.
    ///   - expires: Until when they are, in seconds since 1970.
    public static func processes(_ models: [OllamaModel], expires: Int64) -> [UInt8] {
        list(models) { model, writer in
            writer.member("size", model.size)
            writer.member("digest", digest(model.id))
            writeDetails(model, to: &writer)
            writer.member("expires_at", OllamaTime.text(expires))
            writer.member("size_vram", model.size)
            writer.member("context_length", model.contextWindow ?? 0)
        }
    }

    /// The answer of `POST /api/show`: one model.
    ///
    /// Template, parameters and licence belong to files a gateway does not have, and are empty.
    public static func show(_ model: OllamaModel) -> [UInt8] {
        let family = architecture(model)
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            writer.member("modelfile", "")
            writer.member("parameters", "")
            writer.member("template", "")
            writeDetails(model, to: &writer)
            writer.key("model_info")
            writer.object { writer in
                writer.member("general.architecture", family)
                writer.member("general.basename", model.id)
                if let window = model.contextWindow {
                    writer.key(Array("\(family).context_length".utf8))
                    writer.integer(window)
                }
            }
            writeCapabilities(model, to: &writer)
            writer.member("modified_at", OllamaTime.text(model.modified))
        }
        return writer.bytes
    }

    /// The answer of `GET /api/version`.
    public static func version(_ version: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { $0.member("version", version) }
        return writer.bytes
    }

    /// The model a body of `POST /api/show` asks for; `nil` when it names none.
    ///
    /// Old clients write `name` in place of `model`.
    public static func shownModel(_ body: [UInt8]) -> String? {
        guard let document = try? JSONDocument(body) else { return nil }
        return document.withView { view in
            guard view.kind == .object else { return nil }
            let names = [view.member("model"), view.member("name")].compactMap { $0?.string() }
            return names.first { !$0.isEmpty }
        }
    }

    private static func list(_ models: [OllamaModel], _ body: (OllamaModel, inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(reserving: 64 + 512 * models.count)
        writer.object { writer in
            writer.key("models")
            writer.array { writer in
                for model in models {
                    writer.object { writer in
                        writer.member("name", model.id)
                        writer.member("model", model.id)
                        body(model, &writer)
                    }
                }
            }
        }
        return writer.bytes
    }

    private static func architecture(_ model: OllamaModel) -> String { model.family.isEmpty ? "unknown" : model.family }

    private static func writeDetails(_ model: OllamaModel, to writer: inout JSONWriter) {
        writer.key("details")
        writer.object { writer in
            writer.member("parent_model", "")
            writer.member("format", model.size > 0 ? "gguf" : "")
            writer.member("family", model.family)
            writer.key("families")
            writer.array { writer in
                if !model.family.isEmpty { writer.string(model.family) }
            }
            writer.member("parameter_size", model.parameterSize)
            writer.member("quantization_level", model.quantization)
            writer.member("context_length", model.contextWindow)
        }
    }

    private static func writeCapabilities(_ model: OllamaModel, to writer: inout JSONWriter) {
        writer.key("capabilities")
        writer.array { writer in
            for name in model.capabilities { writer.string(name) }
        }
    }

    /// 64 digits that stand for a model; made from its name, since a gateway has no file to take a digest of.
    ///
    /// Clients cut the digest (`ollama list` shows twelve digits) and compare it; FNV-1a, 64 bits, four times.
    static func digest(_ id: String) -> String {
        var text = ""
        for round: UInt8 in 0..<4 {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in [round] + Array(id.utf8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            let digits = String(hash, radix: 16)
            text += String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return text
    }
}

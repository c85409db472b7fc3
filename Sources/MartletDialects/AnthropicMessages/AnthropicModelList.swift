public import MartletCore
import MartletWire

/// Writes lists of models in Anthropic's shape.
///
/// - SeeAlso: Anthropic API reference, "List models" and "Get a model".
public enum AnthropicModelList {
    /// One model.
    public struct Model: Hashable, Sendable {
        /// The name callers use.
        public var id: String
        /// A name for people; the id where there is none.
        public var displayName: String?
        /// When the model came out, in seconds since 1970; 0 where that is not known, as the API itself writes it.
        public var created: Int64
        /// The most tokens of a prompt, when known.
        public var maxInputTokens: Int?
        /// The most tokens of an answer, when known.
        public var maxOutputTokens: Int?

        /// Creates a model.
        public init(
            id: String,
            displayName: String? = nil,
            created: Int64 = 0,
            maxInputTokens: Int? = nil,
            maxOutputTokens: Int? = nil
        ) {
            self.id = id
            self.displayName = displayName
            self.created = created
            self.maxInputTokens = maxInputTokens
            self.maxOutputTokens = maxOutputTokens
        }
    }

    /// Which part of the list is asked for.
    public struct Page: Hashable, Sendable {
        /// The most models, 1…1000.
        public var limit: Int
        /// The model before the first one.
        public var afterID: String?
        /// The model behind the last one.
        public var beforeID: String?

        /// Creates a page.
        public init(limit: Int = 20, afterID: String? = nil, beforeID: String? = nil) {
            self.limit = limit
            self.afterID = afterID
            self.beforeID = beforeID
        }

        /// Reads the parameters of a query; others are not looked at.
        ///
        /// - Parameter parameters: Names and values, decoded.
        /// - Throws: ``GatewayError`` with `invalid_value` for a limit outside 1…1000, or both ends at once.
        public init(query parameters: [(name: String, value: String)]) throws(GatewayError) {
            self.init()
            for (name, value) in parameters {
                switch name {
                case "limit":
                    guard let number = Int(value), 1...1_000 ~= number else {
                        throw .invalid("limit", "must be between 1 and 1000")
                    }
                    limit = number
                case "after_id": afterID = value.isEmpty ? nil : value
                case "before_id": beforeID = value.isEmpty ? nil : value
                default: break
                }
            }
            if afterID != nil, beforeID != nil { throw .invalid("before_id", "must not stand beside 'after_id'") }
        }
    }

    /// The body of a page.
    ///
    /// A model that is not in the list begins or ends nothing: the page is then empty.
    ///
    /// - Parameters:
    ///   - models: All models, in the order in which they are shown.
    ///   - page: Which part of them.
    public static func body(_ models: [Model], page: Page = Page()) -> [UInt8] {
        let limit = max(1, page.limit)
        let part: ArraySlice<Model>
        let hasMore: Bool
        if let id = page.beforeID {
            let before = models[..<(models.firstIndex { $0.id == id } ?? 0)]
            part = before.suffix(limit)
            hasMore = part.count < before.count
        } else {
            let start = page.afterID.map { id in models.firstIndex { $0.id == id }.map { $0 + 1 } ?? models.count } ?? 0
            part = models[start...].prefix(limit)
            hasMore = start + part.count < models.count
        }
        var writer = JSONWriter(reserving: 64 + part.count * 128)
        writer.object { writer in
            writer.key("data")
            writer.array { writer in
                for model in part { write(model, to: &writer) }
            }
            writer.key("first_id")
            if let first = part.first { writer.string(first.id) } else { writer.null() }
            writer.member("has_more", hasMore)
            writer.key("last_id")
            if let last = part.last { writer.string(last.id) } else { writer.null() }
        }
        return writer.bytes
    }

    /// The body of one model.
    public static func body(_ model: Model) -> [UInt8] {
        var writer = JSONWriter(reserving: 160)
        write(model, to: &writer)
        return writer.bytes
    }

    private static func write(_ model: Model, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", "model")
            writer.member("id", model.id)
            writer.member("display_name", model.displayName ?? model.id)
            writer.member("created_at", OllamaTime.text(model.created))
            writer.member("lifecycle", "active")
            writer.member("max_input_tokens", model.maxInputTokens)
            writer.member("max_tokens", model.maxOutputTokens)
        }
    }
}

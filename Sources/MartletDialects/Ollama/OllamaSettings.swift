import MartletWire

/// What an ``OllamaChatCodec`` adds to the requests it encodes; what the caller asked for itself always wins.
public struct OllamaSettings: Hashable, Sendable {
    /// How `options.num_ctx` is chosen; `nil` sends none and leaves the model at Ollama's default.
    public var context: OllamaContext?
    /// How long the model stays loaded after the request (`keep_alive`): a duration like `30m`, or whole seconds.
    ///
    /// Negative keeps it for ever, `0` unloads it at once, `nil` leaves the server's setting.
    public var keepAlive: String?
    /// Whether Ollama may leave out the oldest messages of a prompt that does not fit (`truncate`).
    ///
    /// `false` makes such a request fail instead; `nil` leaves Ollama's default, which shortens in silence.
    public var truncates: Bool?
    /// Whether Ollama may forget the start of the context when it fills up during the answer (`shift`).
    ///
    /// `nil` leaves Ollama's default. A value other than the one the model was loaded with reloads the model.
    public var shifts: Bool?
    /// Whether the model can think; `nil` when unknown.
    ///
    /// A model that cannot refuses requests with `think`, so that with `false` the wish is named as dropped.
    public var thinks: Bool?

    /// Creates settings: the context follows the prompt, and nothing shortens it.
    public init(
        context: OllamaContext? = OllamaContext(),
        keepAlive: String? = nil,
        truncates: Bool? = false,
        shifts: Bool? = nil,
        thinks: Bool? = nil
    ) {
        self.context = context
        self.keepAlive = keepAlive
        self.truncates = truncates
        self.shifts = shifts
        self.thinks = thinks
    }
}

extension OllamaSettings {
    /// Writes the member `keep_alive`; nothing without a duration.
    static func write(keepAlive: String?, to writer: inout JSONWriter) {
        guard let keepAlive else { return }
        writer.key("keep_alive")
        writer.raw(value(keepAlive: keepAlive))
    }

    /// The value of `keep_alive`; a number without a unit is good only as a number.
    static func value(keepAlive: String) -> [UInt8] {
        var writer = JSONWriter()
        if let seconds = Int64(keepAlive) { writer.integer(seconds) } else { writer.string(keepAlive) }
        return writer.bytes
    }
}

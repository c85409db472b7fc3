public import MartletCore
import MartletWire

/// Makes requests and answers out of responses that are kept.
public enum ResponseHistory {
    /// The items of a request's input as they are kept: with ids, and messages in their long form.
    ///
    /// - Parameters:
    ///   - request: The request, decoded.
    ///   - responseID: What the ids are made of that the caller did not set.
    /// - Throws: ``GatewayError`` for a request that cannot be written.
    public static func inputItems(of request: ChatRequest, responseID: String) throws(GatewayError) -> [[UInt8]] {
        var own = request
        own.dialect = .openAIResponses
        var encoder = OpenAIResponsesRequestEncoder(own, origin: nil)
        for index in own.messages.indices where !own.messages[index].isInstructions {
            try encoder.appendItems(index)
        }
        let stem = responseID.split(separator: "_").last.map(String.init) ?? responseID
        return encoder.items.enumerated().map { index, item in long(item, id: "\(stem)i\(index)") }
    }

    /// The long form of an item.
    private static func long(_ item: [UInt8], id: String) -> [UInt8] {
        guard let document = try? JSONDocument(item, limits: JSONLimits(maxDepth: 256)) else { return item }
        return document.withView { view in
            let type = view.member("type")?.string() ?? "message"
            if type == "item_reference" { return item }
            var writer = JSONWriter(reserving: item.count + 96)
            writer.object { writer in
                let known = view.member("id").flatMap { $0.isNull ? nil : $0 }
                writer.key("id")
                if let known { writer.raw(known) } else { writer.string(prefix(type) + id) }
                writer.member("type", type)
                let isOurs = type == "message" || type.hasSuffix("_call") || type.hasSuffix("_call_output")
                if view.member("status")?.isNull ?? true, isOurs { writer.member("status", "completed") }
                let isModel = view.member("role")?.equalsString("assistant") ?? false
                for member in view.members where !["id", "type"].contains(member.key.string() ?? "") {
                    if member.key.equalsString("status"), member.value.isNull { continue }
                    writer.key(member.key)
                    if type == "message", member.key.equalsString("content"), let text = member.value.string() {
                        write(text, isModel: isModel, to: &writer)
                    } else {
                        writer.raw(member.value)
                    }
                }
            }
            return writer.bytes
        }
    }

    private static func prefix(_ type: String) -> String {
        switch type {
        case "message": "msg_"
        case "function_call": "fc_"
        case "function_call_output": "fco_"
        case "custom_tool_call": "ctc_"
        case "custom_tool_call_output": "ctco_"
        case "reasoning": "rs_"
        default: "it_"
        }
    }

    private static func write(_ text: String, isModel: Bool, to writer: inout JSONWriter) {
        writer.array { writer in
            writer.object { writer in
                writer.member("type", isModel ? "output_text" : "input_text")
                writer.member("text", text)
                guard isModel else { return }
                writer.key("annotations")
                writer.array { _ in }
            }
        }
    }

    /// Puts the conversation so far in front of a request's own input.
    ///
    /// Instructions of earlier requests are not carried over; references to items are replaced by what they stand for.
    /// The result asks no upstream to keep anything.
    ///
    /// - Parameters:
    ///   - request: The new request, decoded.
    ///   - chain: The responses it goes on from, oldest first.
    /// - Throws: ``GatewayError`` with `invalid_value` for a reference to what is not kept.
    public static func effective(
        _ request: ChatRequest,
        after chain: [StoredResponse]
    ) throws(GatewayError) -> ChatRequest {
        var items: [[UInt8]] = []
        for record in chain { items += record.input + record.output }
        var history = ResponsesItems()
        for item in items { try append(item, to: &history) }
        var messages = request.messages.filter(\.isInstructions) + history.messages
        let known = ids(items)
        for message in request.messages where !message.isInstructions {
            try append(message, known, to: &messages)
        }
        var effective = request
        effective.messages = messages
        effective.extra = effective.extra.without("previous_response_id", "store")
        effective.extra.append(ExtraMember(name: "store", value: JSONText("false")))
        effective.extra.append(ExtraMember(name: ResponsesMark.history, value: JSONText("\(items.count)")))
        return effective
    }

    private static func append(_ item: [UInt8], to history: inout ResponsesItems) throws(GatewayError) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(item, limits: JSONLimits(maxDepth: 256))
        } catch {
            throw GatewayError(error)
        }
        try document.withView { (view) throws(GatewayError) in
            do throws(JSONFieldError) {
                try history.append(view)
            } catch {
                throw GatewayError(error)
            }
        }
    }

    /// The items by their ids.
    private static func ids(_ items: [[UInt8]]) -> [String: [UInt8]] {
        var known: [String: [UInt8]] = [:]
        for item in items {
            guard let document = try? JSONDocument(item, limits: JSONLimits(maxDepth: 256)) else { continue }
            if let id = document.withView({ $0.member("id")?.string() }) { known[id] = item }
        }
        return known
    }

    /// Appends a message of the new request with what its references stand for.
    private static func append(
        _ message: ChatMessage,
        _ known: [String: [UInt8]],
        to messages: inout [ChatMessage]
    ) throws(GatewayError) {
        var rest = message
        rest.parts = []
        for part in message.parts {
            guard case .other("item_reference", let value) = part else {
                rest.parts.append(part)
                continue
            }
            let id = (try? JSONDocument(value.bytes))?.withView { $0.member("id")?.string() } ?? nil
            guard let id, let item = known[id] else {
                throw .invalid("input", "must refer only to items that are kept")
            }
            var one = ResponsesItems()
            try append(item, to: &one)
            for found in one.messages {
                if found.role == .assistant {
                    rest.parts += found.parts
                } else {
                    if !rest.parts.isEmpty { messages.append(rest) }
                    rest.parts = []
                    messages.append(found)
                }
            }
        }
        if !rest.parts.isEmpty || message.parts.isEmpty { messages.append(rest) }
    }

    /// The answer to `GET /responses/{id}/input_items`.
    ///
    /// - Parameters:
    ///   - chain: The response and those it went on from, oldest first.
    ///   - limit: How many items, 1…100; 20 when `nil`.
    ///   - isAscending: Whether the oldest item comes first; the default of the API is the newest.
    ///   - after: The id of the item the page begins behind.
    /// - Throws: ``GatewayError`` with `invalid_value` for a limit outside its range or an item that is not there.
    public static func inputItemsPage(
        _ chain: [StoredResponse],
        limit: Int? = nil,
        isAscending: Bool = false,
        after: String? = nil
    ) throws(GatewayError) -> [UInt8] {
        guard 1...100 ~= limit ?? 20 else { throw .invalid("limit", "must be between 1 and 100") }
        var items: [[UInt8]] = []
        for (index, record) in chain.enumerated() {
            items += record.input
            if index < chain.count - 1 { items += record.output }
        }
        if !isAscending { items.reverse() }
        let names = items.map { item in
            (try? JSONDocument(item, limits: JSONLimits(maxDepth: 256)))?.withView { $0.member("id")?.string() } ?? nil
        }
        var start = 0
        if let after {
            guard let place = names.firstIndex(of: after) else { throw .invalid("after", "must be the id of an item") }
            start = place + 1
        }
        let end = min(items.count, start + (limit ?? 20))
        var writer = JSONWriter(reserving: 1_024)
        writer.object { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { writer in
                for item in items[start..<end] { writer.raw(item) }
            }
            for (name, place) in [("first_id", start), ("last_id", end - 1)] {
                writer.key(Array(name.utf8))
                if start < end, let id = names[place] { writer.string(id) } else { writer.null() }
            }
            writer.member("has_more", end < items.count)
        }
        return writer.bytes
    }

    /// The answer to `DELETE /responses/{id}`.
    public static func deleted(_ id: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("id", id)
            writer.member("object", "response")
            writer.member("deleted", true)
        }
        return writer.bytes
    }
}

public import MartletCore
import MartletWire

/// What is kept of a response so that later requests can go on from it.
public struct StoredResponse: Hashable, Sendable {
    /// The id of the response.
    public var id: String
    /// The response it went on from.
    public var previousID: String?
    /// The items of its own input, each a JSON object with an id; without instructions, which later requests do not
    /// inherit.
    public var input: [[UInt8]]
    /// The items of its output, each a JSON object.
    public var output: [[UInt8]]
    /// The response object, which is the answer to `GET /responses/{id}` as it stands.
    public var response: [UInt8]

    /// Creates a record of its parts.
    public init(id: String, previousID: String?, input: [[UInt8]], output: [[UInt8]], response: [UInt8]) {
        self.id = id
        self.previousID = previousID
        self.input = input
        self.output = output
        self.response = response
    }

    /// Makes a record of an answer.
    ///
    /// - Parameters:
    ///   - request: The request as the caller sent it, decoded.
    ///   - response: The response object.
    /// - Returns: `nil` when the response is none, or has no id.
    public init?(request: ChatRequest, response: [UInt8]) {
        let id = (try? JSONDocument(response, limits: JSONLimits(maxDepth: 256)))?.withView { view in
            view.member("id")?.string()
        }
        guard let id = id ?? nil, !id.isEmpty,
            let input = try? ResponseHistory.inputItems(of: request, responseID: id)
        else { return nil }
        let previousID = request.extra.string("previous_response_id")
        self.init(previousID: previousID, input: Self.list(input), response: response)
    }

    /// Makes a record of what a database keeps.
    ///
    /// - Parameters:
    ///   - previousID: The response it went on from.
    ///   - input: The items of its input as a JSON list.
    ///   - response: The response object.
    /// - Returns: `nil` when the bytes are not what they should be.
    public init?(previousID: String?, input: [UInt8], response: [UInt8]) {
        guard let items = Self.items(input),
            let document = try? JSONDocument(response, limits: JSONLimits(maxDepth: 256))
        else { return nil }
        let parts: (id: String, output: [[UInt8]])? = document.withView { view in
            guard let id = view.member("id")?.string(), let list = view.member("output"), list.kind == .array else {
                return nil
            }
            return (id, list.elements.map(\.rawBytes))
        }
        guard let parts else { return nil }
        self.init(id: parts.id, previousID: previousID, input: items, output: parts.output, response: response)
    }

    /// Items in one JSON list, for a column of a database.
    public static func list(_ items: [[UInt8]]) -> [UInt8] {
        var writer = JSONWriter(reserving: items.reduce(2) { $0 + $1.count + 1 })
        writer.array { writer in
            for item in items { writer.raw(item) }
        }
        return writer.bytes
    }

    /// The items of a JSON list; `nil` when it is none.
    public static func items(_ list: [UInt8]) -> [[UInt8]]? {
        guard let document = try? JSONDocument(list, limits: JSONLimits(maxDepth: 256)), document.rootKind == .array
        else { return nil }
        return document.withView { $0.elements.map(\.rawBytes) }
    }
}

public import MartletCore
import MartletDialects

/// What is to be fetched for a request.
public struct MediaRequest: Sendable {
    /// What, each address once.
    public var items: [Item]
    /// Hosts that the operator allows although a rule is against them.
    public var allowedHosts: [String]

    /// One address.
    public struct Item: Sendable, Hashable {
        /// The address as the caller wrote it.
        public var url: String
        /// What must be there.
        public var kind: Kind
        /// Where it stands in the caller's body.
        public var path: String
    }

    /// What an address leads to.
    public enum Kind: Sendable, Hashable {
        /// A picture.
        case image
        /// A document.
        case document
    }
}

/// What was fetched.
public enum MediaAnswer: Sendable {
    /// `data:` URLs (RFC 2397) by the addresses they stand for.
    case fetched([String: String])
    /// Something may not be fetched, or could not be.
    case failed(GatewayError)

}

extension Dialect {
    /// Whether a target of the format fetches pictures itself.
    fileprivate var takesPicturesByAddress: Bool {
        switch self {
        // Google's servers fetch for its own models, not for those of its partners.
        case .ollamaChat, .ollamaGenerate, .anthropicVertex, .bedrockConverse, .bedrockAnthropic: false
        case .openAIChat, .openAIResponses, .anthropicMessages, .openAICompletions, .simpleChat, .mock, .gemini,
            .sageMakerChat:
            true
        }
    }

    /// Whether a target of the format takes documents as bytes only; others take addresses, or none at all.
    fileprivate var takesDocumentsAsBytesOnly: Bool {
        switch self {
        case .openAIChat, .anthropicVertex, .bedrockConverse, .bedrockAnthropic, .sageMakerChat: true
        default: false
        }
    }

    /// Whether a target of the format reads an address itself that no one else can.
    fileprivate func reads(_ url: String) -> Bool { self == .bedrockConverse && url.hasPrefix("s3://") }
}

extension ChatRequest {
    /// The addresses that a target takes only as bytes.
    func addresses(foreignTo dialect: Dialect, _ callerPath: (String) -> String) -> [MediaRequest.Item] {
        guard !dialect.takesPicturesByAddress || dialect.takesDocumentsAsBytesOnly else { return [] }
        var items: [MediaRequest.Item] = []
        var seen: Set<String> = []
        func add(_ url: String?, _ kind: MediaRequest.Kind, _ path: String) {
            guard let url, !url.isData, !dialect.reads(url), seen.insert(url).inserted else { return }
            items.append(.init(url: url, kind: kind, path: callerPath(path)))
        }
        func look(_ parts: [ChatPart], _ path: String) {
            for (index, part) in parts.enumerated() {
                let place = "\(path).content[\(index)]"
                switch part {
                case .image(let image) where !dialect.takesPicturesByAddress: add(image.url, .image, place)
                case .file(let file) where dialect.takesDocumentsAsBytesOnly && file.dataURL == nil:
                    add(file.url, .document, place)
                case .toolResult(let result): look(result.content, path)
                default: break
                }
            }
        }
        for (index, message) in messages.enumerated() { look(message.parts, "messages[\(index)]") }
        return items
    }

    /// Refuses addresses of a cloud's storage, which the target would read as the gateway's account, not the caller's.
    func refuseStorageAddresses(_ callerPath: (String) -> String) throws(GatewayError) {
        func look(_ parts: [ChatPart], _ path: String) throws(GatewayError) {
            for (index, part) in parts.enumerated() {
                let place = "\(path).content[\(index)]"
                switch part {
                case .image(let image) where image.url.isInStorage: throw refusal(callerPath(place))
                case .file(let file) where file.url?.isInStorage == true || file.fileID?.isInStorage == true:
                    throw refusal(callerPath(place))
                case .toolResult(let result): try look(result.content, path)
                default: break
                }
            }
        }
        func refusal(_ path: String) -> GatewayError {
            let words =
                "The provider would read this address with the gateway's own rights; send the data,"
                + " or have allow_storage_urls = true set for its account."
            return GatewayError(.urlNotAllowed, words, param: path)
        }
        for (index, message) in messages.enumerated() { try look(message.parts, "messages[\(index)]") }
    }

    /// Puts what was fetched in the place of its addresses.
    mutating func replaceAddresses(_ data: [String: String]) {
        func replace(_ parts: inout [ChatPart]) {
            for index in parts.indices {
                switch parts[index] {
                case .image(var image):
                    guard let url = data[image.url] else { continue }
                    image.url = url
                    parts[index] = .image(image)
                case .file(var file):
                    guard let url = file.url.flatMap({ data[$0] }) else { continue }
                    file.dataURL = url
                    file.url = nil
                    // OpenAI wants a name with every document.
                    file.filename = file.filename ?? "document.pdf"
                    parts[index] = .file(file)
                case .toolResult(var result):
                    replace(&result.content)
                    parts[index] = .toolResult(result)
                default: break
                }
            }
        }
        for index in messages.indices { replace(&messages[index].parts) }
    }
}

extension String {
    /// Whether it is a `data:` URL.
    fileprivate var isData: Bool { prefix(5).lowercased() == "data:" }

    /// Whether it names an object of Amazon S3 or Google Cloud Storage.
    fileprivate var isInStorage: Bool { ["s3://", "gs://"].contains(prefix(5).lowercased()) }
}

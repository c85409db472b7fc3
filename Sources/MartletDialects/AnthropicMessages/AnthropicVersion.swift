public import MartletCore
import MartletWire

/// A version of the Messages format, as the header `anthropic-version` names it.
///
/// The formats of answers and streams are the same in both.
///
/// - SeeAlso: Anthropic API reference, "Versions".
public enum AnthropicVersion: String, Hashable, Sendable {
    /// The long-standing format; has the sampling fields, as far as the model takes them.
    case june2023 = "2023-06-01"
    /// The format without `temperature`, `top_p` and `top_k`, even at their defaults.
    case october2026 = "2026-10-21"

    /// Reads the header of a caller.
    ///
    /// A version that came later than this list has the rules of the newest one here.
    ///
    /// - Parameter header: The value; `nil` when there is none.
    /// - Throws: ``GatewayError`` with `missing_required_parameter` or `invalid_value`: the API wants the header.
    public init(header: String?) throws(GatewayError) {
        guard let header, !header.isEmpty else {
            throw GatewayError(
                .missingRequiredParameter,
                "anthropic-version: header is required",
                param: "anthropic-version"
            )
        }
        if let known = AnthropicVersion(rawValue: header) {
            self = known
            return
        }
        // Dates of this form are in order where their letters are.
        let isDate =
            header.utf8.count == 10
            && header.utf8.enumerated().allSatisfy { index, byte in
                index == 4 || index == 7 ? byte == UInt8(ascii: "-") : byte &- 0x30 < 10
            }
        guard isDate, header > Self.october2026.rawValue else {
            throw GatewayError(
                .invalidValue,
                "anthropic-version: this is not a valid version",
                param: "anthropic-version"
            )
        }
        self = .october2026
    }

    /// The version in which most of a request can be carried: the newer one, unless the request has sampling fields
    /// that the model still takes.
    ///
    /// - Parameters:
    ///   - request: The request, with the upstream's name of the model.
    ///   - traits: What is known of the model.
    public static func best(for request: ChatRequest, traits: AnthropicModelTraits) -> AnthropicVersion {
        let sampling = request.sampling
        let hasSampling = sampling.temperature != nil || sampling.topP != nil || sampling.topK != nil
        return hasSampling && traits.sampling != .none ? .june2023 : .october2026
    }

    /// Refuses what the version does not have, as the API does; for targets that would not.
    ///
    /// - Parameter request: A request that was decoded from this dialect.
    /// - Throws: ``GatewayError`` with `invalid_value` and the field as `param`.
    public func check(_ request: ChatRequest) throws(GatewayError) {
        guard self == .october2026 else { return }
        let sampling = request.sampling
        let fields: [(name: String, isThere: Bool)] = [
            ("temperature", sampling.temperature != nil), ("top_p", sampling.topP != nil),
            ("top_k", sampling.topK != nil),
        ]
        for field in fields where field.isThere {
            throw GatewayError(.invalidValue, "\(field.name): Extra inputs are not permitted", param: field.name)
        }
        let first = request.hasLeadingSystem ? 1 : 0
        for (index, message) in request.messages.enumerated() {
            for (place, part) in message.parts.enumerated() {
                let path = "messages[\(index - first)].content[\(place)]"
                if message.role == .assistant, part.isDocument {
                    throw .invalid(path, "must not be a document: assistant messages hold none")
                }
                if message.role == .user, part.hasCitations {
                    throw .invalid(path + ".citations", "must be empty: texts of the user cite nothing")
                }
            }
        }
    }
}

extension ChatPart {
    fileprivate var isDocument: Bool {
        switch self {
        case .file: true
        case .other(let type, _): type == "document"
        default: false
        }
    }

    fileprivate var hasCitations: Bool {
        guard case .text(let text) = self, let value = text.extra.value("citations"),
            let document = try? JSONDocument(value.bytes)
        else { return false }
        return document.withView { $0.elements.contains { _ in true } }
    }
}

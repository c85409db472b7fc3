public import MartletCore
import MartletDialects
import MartletWire
public import NIOCore

/// Renders errors in the shape of the surface that was called.
public enum ErrorBody {
    /// The status and body of an error.
    ///
    /// - Parameter requestID: Stands in Anthropic's body.
    public static func render(
        _ error: GatewayError,
        surface: Surface,
        requestID: String
    ) -> (status: Int, body: ByteBuffer) {
        if surface == .anthropic, let body = threadBody(error.code, requestID) {
            return (error.code.anthropic.status, ByteBuffer(bytes: body))
        }
        var writer = JSONWriter()
        writer.beginObject()
        var status = error.code.status
        switch surface {
        case .openAI:
            writer.key("error")
            writer.beginObject()
            writer.member("message", error.message)
            writer.member("type", error.code.openAIType)
            writer.key("param")
            if let param = error.param { writer.string(param) } else { writer.null() }
            writer.member("code", error.code.rawValue)
            writer.endObject()
        case .anthropic:
            status = error.code.anthropic.status
            writer.member("type", "error")
            writer.key("error")
            writer.beginObject()
            writer.member("type", error.code.anthropic.type)
            writer.member("message", AnthropicMessagesError.message(error.message, code: error.code.rawValue))
            writer.endObject()
            writer.member("request_id", requestID)
        case .native:
            writer.member("error", error.message)
            writer.member("code", error.code.rawValue)
        case .ollama:
            writer.member("error", error.message)
        }
        writer.endObject()
        return (status, ByteBuffer(bytes: writer.bytes))
    }

    /// Errors about kept conversations carry what Anthropic's SDKs act on.
    private static func threadBody(_ code: GatewayError.Code, _ requestID: String) -> [UInt8]? {
        switch code {
        case .threadUnsupported: AnthropicThreads.unsupported(requestID: requestID)
        case .threadNotFound: AnthropicThreads.notFound(requestID: requestID)
        default: nil
        }
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
    }
}

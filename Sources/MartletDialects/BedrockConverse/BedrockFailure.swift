import MartletCore
import MartletWire

extension UpstreamFailure {
    /// Reads an error body: `{"message":"text"}`, with the class in `__type` where it is not only in a header; or
    /// whatever stands in front of Bedrock says in its place.
    init(bedrock body: [UInt8]) {
        guard let document = try? JSONDocument(body) else {
            self.init(openAI: body)
            return
        }
        self = document.withView { UpstreamFailure(bedrockShape: $0) }
    }

    /// Reads an error object.
    init(bedrockShape view: JSONView) {
        guard view.kind == .object else {
            self.init(anyShape: view)
            return
        }
        // An address that is none of the service's is answered in a shape of its own.
        let inner = view.member("Output") ?? view
        let words = ["message", "Message", "OriginalMessage", "originalMessage"] as [StaticString]
        let text = words.lazy.compactMap { view.member($0)?.string() }.first
        let name = (inner.member("__type") ?? inner.member("code"))?.string()
        if text == nil, name == nil {
            self.init(anyShape: view)
        } else {
            let kind = name.map(BedrockError.name)
            self.init(message: String((text ?? kind ?? "").prefix(Self.longestMessage)), type: kind)
        }
        classifySentence()
    }

    /// Makes the failure of a frame that ends a stream.
    ///
    /// - Parameters:
    ///   - name: The class of the exception (`throttlingException`).
    ///   - payload: The members of the exception; a text that is none stands for the message.
    init(exception name: String, _ payload: [UInt8]) {
        let said = UpstreamFailure(bedrock: payload)
        let name = BedrockError.name(name)
        self.init(message: said.message.isEmpty ? name : said.message, type: name, code: said.code)
        // The status the error would have had before the stream began.
        if code == nil { code = String(BedrockError.status(of: name)) }
    }
}

/// The errors of AWS's services.
///
/// - SeeAlso: Amazon Bedrock API reference, `Converse`, "Errors"; Amazon SageMaker Runtime API reference,
///   `InvokeEndpoint`, "Errors".
public enum BedrockError {
    /// The class of an error without what stands around it: `com.amazon.x#ThrottlingException:http://…`.
    ///
    /// - Parameter text: The header field `x-amzn-errortype`, or the member `__type`.
    public static func name(_ text: String) -> String {
        let start = text.utf8.lastIndex(of: UInt8(ascii: "#")).map { text.utf8.index(after: $0) } ?? text.startIndex
        let end = text.utf8[start...].firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        return String(decoding: text.utf8[start..<end].prefix(64).filter { 0x21...0x7E ~= $0 }, as: UTF8.self)
    }

    /// The status that errors of a class have.
    static func status(of name: String) -> Int {
        switch name.lowercased().replacing("exception", with: "") {
        case "validation", "validationerror", "servicequotaexceeded": 400
        case "accessdenied", "unrecognizedclient", "expiredtoken", "invalidsignature": 403
        case "resourcenotfound": 404
        case "modeltimeout": 408
        case "modelerror", "modelstreamerror": 424
        case "throttling", "modelnotready": 429
        case "serviceunavailable": 503
        default: 500
        }
    }

    /// Encodes `{"message":"text"}`.
    static func encode(_ message: String) -> [UInt8] {
        var writer = JSONWriter(reserving: 96)
        writer.object { $0.member("message", message) }
        return writer.bytes
    }
}

internal import Crypto
public import MartletCore
internal import Synchronization

/// Signs requests with one AWS key for one region and service (AWS Signature Version 4).
///
/// The signing key of a day is made once and kept.
public final class SigV4Signer: Sendable {
    /// The key that signs.
    public let keys: AWSKeys
    private let region: String
    private let service: String
    private let kept: Mutex<(day: Int64, key: HMAC<SHA256>)?>

    /// Creates a signer.
    public init(keys: AWSKeys, region: String, service: String) {
        self.keys = keys
        self.region = region
        self.service = service
        kept = Mutex(nil)
    }

    /// Signs a request.
    ///
    /// - Parameters:
    ///   - method: The method token.
    ///   - target: Path and query as they stand on the request line, in origin form.
    ///   - fields: The fields that are signed with what is added: at least `host`, and `content-type` where it is sent.
    ///   - payloadHash: The SHA-256 of the body, in lower-case hexadecimal digits.
    ///   - unixSeconds: Seconds since 1970 (UTC); AWS accepts five minutes around its own time.
    /// - Returns: The fields to send beside those given.
    public func sign(
        method: String,
        target: String,
        fields: [SigV4CanonicalRequest.Field],
        payloadHash: [UInt8],
        unixSeconds: Int64
    ) -> [SigV4CanonicalRequest.Field] {
        let time = SigV4Time(unixSeconds: unixSeconds)
        var added: [SigV4CanonicalRequest.Field] = [.init("x-amz-date", time.text)]
        if let token = keys.sessionToken { added.append(.init("x-amz-security-token", token.reveal())) }
        let request = SigV4CanonicalRequest(
            method: method,
            target: target,
            fields: fields + added,
            payloadHash: payloadHash
        )
        let scope = "\(time.date)/\(region)/\(service)/aws4_request"
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text += "AWS4-HMAC-SHA256\n".utf8
        text += time.text.utf8
        text.append(UInt8(ascii: "\n"))
        text += scope.utf8
        text.append(UInt8(ascii: "\n"))
        text += PayloadHash.digits(of: request.bytes)
        var code = key(of: time)
        unsafe text.withUnsafeBytes { unsafe code.update(data: $0) }
        var value = Array("AWS4-HMAC-SHA256 Credential=\(keys.accessKeyID)/\(scope), SignedHeaders=".utf8)
        value += request.signedNames
        value += ", Signature=".utf8
        value += Hex.digits(code.finalize())
        added.append(.init("authorization", String(decoding: value, as: UTF8.self)))
        return added
    }

    /// The generator with the day's signing key absorbed.
    private func key(of time: SigV4Time) -> HMAC<SHA256> {
        if let kept = kept.withLock({ $0 }), kept.day == time.day { return kept.key }
        var key = SymmetricKey(data: Array("AWS4".utf8) + keys.secretAccessKey.reveal().utf8)
        for part in [String(time.date), region, service, "aws4_request"] {
            var code = HMAC<SHA256>(key: key)
            code.update(data: Array(part.utf8))
            key = SymmetricKey(data: code.finalize())
        }
        let generator = HMAC<SHA256>(key: key)
        kept.withLock { $0 = (time.day, generator) }
        return generator
    }
}

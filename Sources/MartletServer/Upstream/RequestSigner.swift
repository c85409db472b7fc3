import MartletCore
import MartletExchange
import MartletProviders
import MartletRouting
import NIOCore

/// Puts a credential into the request that is about to be written.
enum RequestSigner {
    /// Whether the body must be hashed, which takes too long for a loop.
    static func needsHelp(_ request: UpstreamRequest, _ authorization: Authorization) -> Bool {
        guard case .awsV4 = authorization.form else { return false }
        return request.body.length > Computation.threshold && request.body.file == nil
    }

    /// Adds the fields that show who sends a request.
    ///
    /// A credential that does not fit the form adds nothing: the target then says what it misses.
    ///
    /// - Parameter payloadHash: The body's hash, where it is known already.
    static func authorize(
        _ request: inout UpstreamRequest,
        to target: Target,
        by form: Authorization.Form,
        with credential: KeptCredential,
        payloadHash: [UInt8]? = nil,
        unixSeconds: Int64
    ) {
        switch form {
        case .field(let name, let prefix):
            guard case .token(let token) = credential.value else { return }
            request.fields.removeAll { $0.name == name }
            request.fields.append(HeaderField(name: name, value: prefix + token.reveal()))
        case .awsV4(let region, let service):
            // No service that is signed for takes uploads; a body in a file could not be hashed here.
            guard request.body.file == nil, let signer = credential.signer(region: region, service: service) else {
                return
            }
            let added = signer.sign(
                method: request.method.name,
                // Not the absolute form that a proxy gets: what arrives is this.
                target: target.endpoint.basePath + request.path + target.requestSuffix,
                fields: signedFields(of: request, to: target),
                payloadHash: payloadHash ?? hash(request.body.buffers),
                unixSeconds: unixSeconds + credential.clock.seconds
            )
            for field in added {
                request.fields.removeAll { $0.name == field.name }
                request.fields.append(HeaderField(name: field.name, value: field.value))
            }
        }
    }

    /// The SHA-256 of a body in pieces.
    static func hash(_ pieces: [ByteBuffer]) -> [UInt8] {
        var hash = PayloadHash()
        for piece in pieces { unsafe piece.withUnsafeReadableBytes { unsafe hash.update($0) } }
        return hash.digits()
    }

    /// `Host`, the media type, and the fields of AWS's own; others may be changed on the way.
    private static func signedFields(
        of request: UpstreamRequest,
        to target: Target
    ) -> [SigV4CanonicalRequest.Field] {
        var fields: [SigV4CanonicalRequest.Field] = [.init("host", target.endpoint.authority)]
        if !request.contentType.isEmpty { fields.append(.init("content-type", request.contentType)) }
        for field in request.fields where isAmazonField(field) { fields.append(.init(field.name, field.value)) }
        for field in target.headers
        where isAmazonField(field) && !request.fields.contains(where: { $0.name == field.name }) {
            fields.append(.init(field.name, field.value))
        }
        return fields
    }

    private static func isAmazonField(_ field: HeaderField) -> Bool {
        field.name.utf8.starts(with: "x-amz".utf8) && !writtenBySigner.contains(field.name)
    }

    private static let writtenBySigner: Set = ["x-amz-date", "x-amz-security-token"]
}

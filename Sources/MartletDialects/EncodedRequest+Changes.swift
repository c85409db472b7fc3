public import MartletCore
import MartletWire

extension EncodedRequest {
    /// The request without some of its top-level members, each of which is named.
    ///
    /// - Parameter names: Members the upstream does not take.
    public func leavingOut(_ names: [String]) -> EncodedRequest {
        guard !names.isEmpty, let document = try? JSONDocument(body) else { return self }
        var changed = self
        var splice = JSONSplice()
        document.withView { root in
            guard let layout = root.objectLayout else { return }
            for (index, member) in root.members.enumerated() {
                guard let name = member.key.string(), name != "model", names.contains(name) else { continue }
                splice.removeMember(index, of: layout)
                if !changed.dropped.contains(name) { changed.dropped.append(name) }
            }
        }
        if !splice.isEmpty { changed.body = splice.render(body) }
        return changed
    }

    /// The request with other names for some of its top-level members.
    public func renaming(_ names: [ChatQuirks.Rename]) -> EncodedRequest {
        guard !names.isEmpty, let document = try? JSONDocument(body) else { return self }
        var splice = JSONSplice()
        document.withView { root in
            for member in root.members {
                guard let name = member.key.string(), let rename = names.first(where: { $0.from == name }) else {
                    continue
                }
                splice.replace(member.key.range, with: QuirkEditor.string(rename.to))
            }
        }
        guard !splice.isEmpty else { return self }
        var changed = self
        changed.body = splice.render(body)
        return changed
    }
}

/// A codec that leaves members out of the requests it writes; all else is another codec's.
struct LeavingOutCodec<Base: ChatCodec>: ChatCodec {
    let base: Base
    let names: [String]

    func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest { try base.decodeRequest(body) }

    func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        try base.encodeRequest(request).leavingOut(names)
    }

    func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse { try base.decodeResponse(body) }
    var tellsWhyItEnds: Bool { base.tellsWhyItEnds }
    var tellsAnyReason: Bool { base.tellsAnyReason }
    func passesFailure(_ body: [UInt8]) -> Bool { base.passesFailure(body) }
    func encodeResponse(_ response: ChatResponse) -> [UInt8] { base.encodeResponse(response) }
    func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { base.decodeFailure(body) }
    func encodeError(_ error: GatewayError) -> [UInt8] { base.encodeError(error) }

    func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        base.encodeFailure(failure, status: status)
    }

    func makeStreamDecoder() -> Base.StreamDecoder { base.makeStreamDecoder() }

    func makeStreamEncoder(includeUsage: Bool) -> Base.StreamEncoder {
        base.makeStreamEncoder(includeUsage: includeUsage)
    }
}

extension ChatCodec {
    /// The codec, but for members of requests that the upstream does not take.
    ///
    /// - Parameter names: Top-level members of the dialect's bodies.
    public func leavingOut(_ names: [String]) -> any ChatCodec {
        names.isEmpty ? self : LeavingOutCodec(base: self, names: names)
    }
}

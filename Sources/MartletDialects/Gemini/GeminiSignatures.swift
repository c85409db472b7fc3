import MartletCore

/// Keeps the signatures of calls for callers that do not bring them back.
public protocol GeminiSignatureStore: AnyObject, Sendable {
    /// The signature of a call that an account made; `nil` when it is not known, or not any more.
    func signature(ofCall id: String, account: String) -> String?
    /// Keeps the signature of a call.
    func keep(_ signature: String, ofCall id: String, account: String)
}

/// A store of signatures; two are the same when they are one.
public struct GeminiSignatures: Hashable, Sendable {
    /// The store.
    public let store: any GeminiSignatureStore

    /// Wraps a store.
    public init(_ store: any GeminiSignatureStore) { self.store = store }

    /// Compares identities.
    public static func == (left: Self, right: Self) -> Bool { left.store === right.store }

    /// Hashes the identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(store)) }

    /// Keeps the signatures of an answer's calls.
    func keep(_ response: ChatResponse) {
        for choice in response.choices {
            var pending: GeminiSignature.Proof?
            for part in choice.message.parts {
                switch part {
                case .reasoning(let reasoning) where reasoning.text.isEmpty:
                    pending = reasoning.signature.flatMap(GeminiSignature.unmarked)
                    if pending?.closes == true { pending = nil }
                case .toolCall(let call):
                    if let found = pending { keep(found.signature, ofCall: call.id, account: found.origin) }
                    pending = nil
                default: pending = nil
                }
            }
        }
    }

    func keep(_ signature: String, ofCall id: String, account: String?) {
        if !id.isEmpty { store.keep(signature, ofCall: id, account: account ?? "") }
    }

    func signature(ofCall id: String, account: String?) -> String? {
        id.isEmpty ? nil : store.signature(ofCall: id, account: account ?? "")
    }
}

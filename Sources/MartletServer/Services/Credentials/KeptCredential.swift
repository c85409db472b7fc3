import MartletCore
import MartletProviders
import NIOCore
import Synchronization

/// A credential that was fetched, with what is made from it once.
final class KeptCredential: Sendable {
    let value: FetchedCredential.Value
    let obtainedAt: Instant
    /// When it may be used for the last time; `nil` does not end.
    let usableUntil: Instant?
    /// When a new one is fetched beside it.
    let renewAt: Instant?
    /// By how much the clock of whoever checks its signatures differs.
    let clock: ClockOffset
    private let signers = Mutex<[Signer]>([])

    private struct Signer {
        var region: String
        var service: String
        var signer: SigV4Signer
    }

    /// Keeps a credential.
    ///
    /// - Parameters:
    ///   - fetched: What was fetched.
    ///   - now: When, by the clock that goes on.
    ///   - unixSeconds: When, by the clock that the credential's end is told by.
    ///   - clock: Kept over renewals.
    init(_ fetched: FetchedCredential, now: Instant, unixSeconds: Int64, clock: ClockOffset = ClockOffset()) {
        value = fetched.value
        self.clock = clock
        obtainedAt = now
        guard let expires = fetched.expires else {
            usableUntil = nil
            renewAt = nil
            return
        }
        let (left, overflow) = expires.subtractingReportingOverflow(unixSeconds)
        let seconds = overflow ? 0 : min(max(0, left), 366 * 86_400)
        // A short life leaves a part of itself: at least three quarters are used.
        let margin = min(Self.margin(fetched.value), seconds / 4)
        usableUntil = now + .seconds(seconds - min(10, seconds / 8))
        renewAt = now + .seconds(seconds - margin)
    }

    /// Seconds before its end that a credential is renewed: what AWS's and Google's own clients do.
    private static func margin(_ value: FetchedCredential.Value) -> Int64 {
        switch value {
        case .aws: 900
        case .token: 225
        }
    }

    func isUsable(at now: Instant) -> Bool { usableUntil.map { now < $0 } ?? true }

    func isDue(at now: Instant) -> Bool { renewAt.map { now >= $0 } ?? false }

    /// Whether bytes hold what nobody but its owner may see.
    func isShown(in bytes: ByteBuffer) -> Bool {
        secrets.contains { !$0.isEmpty && bytes.readableBytesView.firstRange(of: $0.utf8) != nil }
    }

    /// What nobody but its owner may see.
    var secrets: [String] { value.secrets }

    /// The signer for a region and service; `nil` when the credential does not sign.
    func signer(region: String, service: String) -> SigV4Signer? {
        guard case .aws(let keys) = value else { return nil }
        return signers.withLock { signers in
            if let known = signers.first(where: { $0.service == service && $0.region == region }) {
                return known.signer
            }
            let signer = SigV4Signer(keys: keys, region: region, service: service)
            // One account has one region and one or two services.
            if signers.count >= 8 { signers.removeAll() }
            signers.append(Signer(region: region, service: service, signer: signer))
            return signer
        }
    }
}

extension FetchedCredential.Value {
    /// What nobody but its owner may see.
    var secrets: [String] {
        let secrets: [Secret?] =
            switch self {
            case .aws(let keys): [keys.secretAccessKey, keys.sessionToken]
            case .token(let token): [token]
            }
        return secrets.compactMap { $0?.reveal() }
    }
}

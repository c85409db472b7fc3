import Foundation
import MartletCore
import MartletExchange
import NIOCore

/// Fetches pictures and documents that requests name by address, under the rules of ``GuardedFetch``; nothing of an answer
/// is ever repeated in an error.
final class MediaFetcher: Sendable {
    /// Bytes of all that one request names.
    static let maxBytes = 20 << 20

    private let guarded: GuardedFetch
    private let own: @Sendable () -> Set<[UInt8]>
    private let total: Duration

    /// Creates a fetcher on loops of the caller's.
    ///
    /// - Parameters:
    ///   - own: The addresses of this machine.
    ///   - total: How long all that one request names may take.
    init(
        resolver: Resolver,
        group: any EventLoopGroup,
        own: @escaping @Sendable () -> Set<[UInt8]> = { AddressRules.own() },
        total: Duration = .seconds(15)
    ) {
        guarded = GuardedFetch(resolver: resolver, group: group)
        self.own = own
        self.total = total
    }

    /// Fetches all items of a request; `reply` is called once, from any thread.
    func fetch(_ request: MediaRequest, reply: @escaping @Sendable (Answer) -> Void) {
        Task { reply(.media(await answer(request))) }
    }

    /// Fetches all items of a request, one after the other.
    func answer(_ request: MediaRequest) async -> MediaAnswer {
        let total = total
        return await withTaskGroup(of: MediaAnswer?.self) { tasks in
            tasks.addTask { await self.all(request) }
            tasks.addTask {
                try? await Task.sleep(for: total)
                return nil
            }
            defer { tasks.cancelAll() }
            let path = request.items.first?.path
            return await tasks.next().flatMap { $0 }
                ?? .failed(Self.failure("An address of this request did not answer in time.", path))
        }
    }

    private func all(_ request: MediaRequest) async -> MediaAnswer {
        var fetched: [String: String] = [:]
        var left = Self.maxBytes
        let own = own()
        for item in request.items {
            do {
                let bytes = try await bytes(item.url, request.allowedHosts, own, limit: left)
                guard let type = MediaSniffer.type(of: bytes, as: item.kind) else { throw OtherKind(kind: item.kind) }
                left -= bytes.count
                fetched[item.url] = "data:\(type);base64,\(Data(bytes).base64EncodedString())"
            } catch {
                return .failed(Self.error(error, item.path))
            }
        }
        return .fetched(fetched)
    }

    /// What stands at an address is not what was asked for.
    private struct OtherKind: Error {
        let kind: MediaRequest.Kind
    }

    private func bytes(_ text: String, _ allowed: [String], _ own: Set<[UInt8]>, limit: Int) async throws -> [UInt8] {
        let fields = [(name: "accept", value: "image/*, application/pdf")]
        let answer = try await guarded.get(text, fields: fields, allowed: allowed, own: own, limit: limit)
        guard answer.status == 200 else { throw GuardedFetch.Failure.status(answer.status) }
        return answer.bytes
    }

    // MARK: Errors

    private static func error(_ error: any Error, _ path: String) -> GatewayError {
        if let other = error as? OtherKind {
            switch other.kind {
            case .image: return Self.failure("There is no PNG, JPEG, GIF or WebP picture at the address.", path)
            case .document: return Self.failure("There is no PDF at the address.", path)
            }
        }
        guard let failure = error as? GuardedFetch.Failure else {
            return Self.failure("An address could not be fetched.", path)
        }
        switch failure {
        case .refused(.scheme), .redirectRefused(.scheme): return refusal("Only https addresses are fetched.", path)
        case .refused(.form), .redirectRefused(.form): return refusal("This is no address that is fetched.", path)
        case .refused(.port), .redirectRefused(.port): return refusal("Only addresses on port 443 are fetched.", path)
        case .address: return refusal("This address is not a public one, and is not fetched.", path)
        case .redirects: return refusal("This address leads on too often.", path)
        case .status(let status): return Self.failure("The address answered with status \(status).", path)
        case .size:
            return Self.failure("What a request names by address may have \(maxBytes >> 20) MiB together.", path)
        case .unreachable: return Self.failure("The address could not be reached.", path)
        }
    }

    private static func refusal(_ words: String, _ path: String) -> GatewayError {
        GatewayError(.urlNotAllowed, words, param: path)
    }

    private static func failure(_ words: String, _ path: String?) -> GatewayError {
        GatewayError(.invalidValue, words, param: path)
    }
}

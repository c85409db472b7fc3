import AsyncHTTPClient
import Foundation
import MartletCore
import MartletExchange
import NIOCore
import NIOHTTP1
import NIOPosix

/// Fetches pictures and documents that requests name by address, under rules against being used to reach what only this
/// machine can reach.
///
/// A name is resolved once, every address it has must be public, and the connection goes to the one that was checked, with
/// the name kept for TLS; each redirect is checked anew. Nothing of an answer is ever repeated in an error.
final class MediaFetcher: Sendable {
    /// Bytes of all that one request names.
    static let maxBytes = 20 << 20
    /// Redirects that are followed.
    static let maxRedirects = 3

    private let resolver: Resolver
    private let group: any EventLoopGroup
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
        self.resolver = resolver
        self.group = group
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
                guard let type = MediaSniffer.type(of: bytes, as: item.kind) else { throw Failure.kind(item.kind) }
                left -= bytes.count
                fetched[item.url] = "data:\(type);base64,\(Data(bytes).base64EncodedString())"
            } catch {
                return .failed(Self.error(error, item.path))
            }
        }
        return .fetched(fetched)
    }

    /// Why nothing was fetched.
    enum Failure: Error, Hashable {
        case refused(MediaURL.Refusal)
        /// An address that is not public.
        case address
        case redirects
        case status(Int)
        case size
        case kind(MediaRequest.Kind)
        case unreachable
    }

    private func bytes(_ text: String, _ allowed: [String], _ own: Set<[UInt8]>, limit: Int) async throws -> [UInt8] {
        var text = text
        for _ in 0...Self.maxRedirects {
            let url: MediaURL
            do throws(MediaURL.Refusal) { url = try MediaURL(text, allowed: allowed) } catch {
                throw Failure.refused(error)
            }
            switch try await hop(url, checked: address(of: url, allowed, own), limit: limit) {
            case .bytes(let bytes): return bytes
            case .redirect(let place): text = place
            }
        }
        throw Failure.redirects
    }

    /// The address to connect to: checked with all others that the name has.
    private func address(of url: MediaURL, _ allowed: [String], _ own: Set<[UInt8]>) async throws -> SocketAddress {
        let addresses: [SocketAddress]
        do {
            addresses = try await resolver.resolve(url.host, port: url.port, on: group.any()).get()
        } catch {
            throw Failure.unreachable
        }
        guard let first = addresses.first else { throw Failure.unreachable }
        guard url.isAllowed(by: allowed) || addresses.allSatisfy({ AddressRules.isAllowed($0, own: own) }) else {
            throw Failure.address
        }
        return first
    }

    private enum Hop {
        case bytes([UInt8])
        case redirect(String)
    }

    private func hop(_ url: MediaURL, checked address: SocketAddress, limit: Int) async throws -> Hop {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.proxy = nil
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(5), write: .seconds(5))
        configuration.connectionPool.retryConnectionEstablishment = false
        if let ip = address.ipAddress, ip != url.host { configuration.dnsOverride = [url.host: ip] }
        // A client of its own, so that no connection to another address of the name is reused.
        let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
        let result: Result<Hop, any Error>
        do {
            result = .success(try await Self.ask(url, client, limit: limit))
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        do {
            return try result.get()
        } catch let failure as Failure {
            throw failure
        } catch is NIOTooManyBytesError {
            throw Failure.size
        } catch {
            throw Failure.unreachable
        }
    }

    private static func ask(_ url: MediaURL, _ client: HTTPClient, limit: Int) async throws -> Hop {
        var request = HTTPClientRequest(url: url.text)
        request.headers.add(name: "accept", value: "image/*, application/pdf")
        request.headers.add(name: "user-agent", value: "martlet")
        let response = try await client.execute(request, timeout: .seconds(15))
        let status = Int(response.status.code)
        if [301, 302, 303, 307, 308].contains(status) {
            guard let place = response.headers.first(name: "location") else { throw Failure.status(status) }
            return .redirect(resolved(place, from: url))
        }
        guard status == 200 else { throw Failure.status(status) }
        if let length = response.headers.first(name: "content-length").flatMap({ Int($0) }), length > limit {
            throw Failure.size
        }
        return .bytes(Array(try await response.body.collect(upTo: limit).readableBytesView))
    }

    /// A redirect's place as a whole address; what cannot be read is refused like any other address.
    private static func resolved(_ place: String, from url: MediaURL) -> String {
        let whole = URL(string: place, relativeTo: URL(string: url.text))?.absoluteString ?? place
        return String(whole.prefix { $0 != "#" })
    }

    // MARK: Errors

    private static func error(_ error: any Error, _ path: String) -> GatewayError {
        guard let failure = error as? Failure else { return Self.failure("An address could not be fetched.", path) }
        switch failure {
        case .refused(.scheme): return refusal("Only https addresses are fetched.", path)
        case .refused(.form): return refusal("This is no address that is fetched.", path)
        case .refused(.port): return refusal("Only addresses on port 443 are fetched.", path)
        case .address: return refusal("This address is not a public one, and is not fetched.", path)
        case .redirects: return refusal("This address leads on too often.", path)
        case .status(let status): return Self.failure("The address answered with status \(status).", path)
        case .size:
            return Self.failure("What a request names by address may have \(maxBytes >> 20) MiB together.", path)
        case .kind(.image): return Self.failure("There is no PNG, JPEG, GIF or WebP picture at the address.", path)
        case .kind(.document): return Self.failure("There is no PDF at the address.", path)
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

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Gets what stands at an address from outside, under rules against being used to reach what only this machine can reach.
///
/// A name is resolved once, every address it has must be public, and the connection goes to the one that was checked, with
/// the name kept for TLS; each redirect is checked anew. No credentials are ever sent.
struct GuardedFetch: Sendable {
    /// Redirects that are followed.
    static let maxRedirects = 3

    let resolver: Resolver
    let group: any EventLoopGroup

    /// An answer of status 200, or 304 without bytes.
    struct Answer: Sendable {
        var status: Int
        var bytes: [UInt8]
        /// The field `ETag`.
        var tag: String?
    }

    /// Why nothing was fetched.
    enum Failure: Error, Hashable {
        case refused(MediaURL.Refusal)
        /// A redirect to an address that is refused.
        case redirectRefused(MediaURL.Refusal)
        /// An address that is not public.
        case address
        case redirects
        case status(Int)
        case size
        case unreachable
    }

    /// Gets what stands at an address.
    ///
    /// - Parameters:
    ///   - fields: Request fields.
    ///   - allowed: Hosts, or hosts with ports, that the operator allows against the rules.
    ///   - own: The addresses of this machine.
    ///   - limit: The largest body, in bytes.
    /// - Throws: ``Failure``.
    func get(
        _ text: String,
        fields: [(name: String, value: String)],
        allowed: [String],
        own: Set<[UInt8]>,
        limit: Int
    ) async throws -> Answer {
        var text = text
        for hops in 0...Self.maxRedirects {
            let url: MediaURL
            do throws(MediaURL.Refusal) { url = try MediaURL(text, allowed: allowed) } catch {
                throw hops == 0 ? Failure.refused(error) : Failure.redirectRefused(error)
            }
            switch try await hop(url, fields, checked: address(of: url, allowed, own), limit: limit) {
            case .answer(let answer): return answer
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
        case answer(Answer)
        case redirect(String)
    }

    private func hop(
        _ url: MediaURL,
        _ fields: [(name: String, value: String)],
        checked address: SocketAddress,
        limit: Int
    ) async throws -> Hop {
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
            result = .success(try await Self.ask(url, fields, client, limit: limit))
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

    private static func ask(
        _ url: MediaURL,
        _ fields: [(name: String, value: String)],
        _ client: HTTPClient,
        limit: Int
    ) async throws -> Hop {
        var request = HTTPClientRequest(url: url.text)
        for field in fields { request.headers.add(name: field.name, value: field.value) }
        request.headers.add(name: "user-agent", value: "martlet")
        let response = try await client.execute(request, timeout: .seconds(15))
        let status = Int(response.status.code)
        if [301, 302, 303, 307, 308].contains(status) {
            guard let place = response.headers.first(name: "location") else { throw Failure.status(status) }
            return .redirect(resolved(place, from: url))
        }
        let tag = response.headers.first(name: "etag")
        if status == 304 { return .answer(Answer(status: status, bytes: [], tag: tag)) }
        guard status == 200 else { throw Failure.status(status) }
        if let length = response.headers.first(name: "content-length").flatMap({ Int($0) }), length > limit {
            throw Failure.size
        }
        let body = try await response.body.collect(upTo: limit)
        return .answer(Answer(status: status, bytes: Array(body.readableBytesView), tag: tag))
    }

    /// A redirect's place as a whole address; what cannot be read is refused like any other address.
    private static func resolved(_ place: String, from url: MediaURL) -> String {
        let whole = URL(string: place, relativeTo: URL(string: url.text))?.absoluteString ?? place
        return String(whole.prefix { $0 != "#" })
    }
}

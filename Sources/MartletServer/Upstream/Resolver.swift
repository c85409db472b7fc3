import MartletCore
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Resolves names off the loops and remembers the answers for 30 seconds.
///
/// The dialer's address check uses the same answer that is connected to.
final class Resolver: Sendable {
    private struct Entry {
        let addresses: [SocketAddress]
        let until: Instant
    }

    private struct Key: Hashable {
        let host: String
        let port: Int
    }

    private static let lifetime = Duration.seconds(30)
    private static let maxEntries = 1_024
    private let cache = Mutex<[Key: Entry]>([:])
    private let threads: NIOThreadPool

    init(threads: NIOThreadPool) { self.threads = threads }

    /// The addresses of a host, IPv4 first; literals are answered at once.
    func resolve(_ host: String, port: Int, on eventLoop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        if let literal = try? SocketAddress(ipAddress: host, port: port) {
            return eventLoop.makeSucceededFuture([literal])
        }
        let key = Key(host: host, port: port)
        let now = Instant.now
        if let entry = cache.withLock({ $0[key] }), entry.until > now {
            return eventLoop.makeSucceededFuture(entry.addresses)
        }
        return threads.runIfActive(eventLoop: eventLoop) { [self] in
            let addresses = try Self.look(up: host, port: port)
            cache.withLock { cache in
                if cache.count >= Self.maxEntries { cache.removeAll() }
                cache[key] = Entry(addresses: addresses, until: .now + Self.lifetime)
            }
            return addresses
        }
    }

    /// The name has no address.
    struct NotFound: Error {}

    private static func look(up host: String, port: Int) throws -> [SocketAddress] {
        var hints = unsafe addrinfo()
        #if canImport(Glibc)
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        unsafe hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, String(port), &hints, &list) == 0, let first = unsafe list else {
            throw NotFound()
        }
        defer { unsafe freeaddrinfo(first) }
        var found: [SocketAddress] = []
        var next: UnsafeMutablePointer<addrinfo>? = unsafe first
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ai_addr {
                switch unsafe entry.pointee.ai_family {
                case AF_INET:
                    unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                        unsafe found.append(SocketAddress($0.pointee))
                    }
                case AF_INET6:
                    unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                        unsafe found.append(SocketAddress($0.pointee))
                    }
                default: break
                }
            }
            unsafe next = entry.pointee.ai_next
        }
        guard !found.isEmpty else { throw NotFound() }
        return found.filter { $0.protocol == .inet } + found.filter { $0.protocol == .inet6 }
    }
}

extension SocketAddress {
    /// Whether packets to it stay on this machine (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    var isLoopbackAddress: Bool {
        guard let text = ipAddress else { return false }
        return Loopback.isHost(text.hasPrefix("::ffff:") ? String(text.dropFirst(7)) : text)
    }
}

extension String {
    /// Whether it is an IP literal.
    var isIPAddress: Bool { (try? SocketAddress(ipAddress: self, port: 0)) != nil }
}

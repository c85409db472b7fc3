import Foundation
import MartletTesting
import Testing

/// How clients reach a gateway under test.
enum Transport: String, CaseIterable, Codable, Sendable, CustomTestStringConvertible {
    /// TCP alone.
    case clear
    /// TLS, with HTTP/1.1 by ALPN.
    case tls

    /// What every listener of this process shows: made once, removed when the process ends.
    private static let identity: Result<(certificates: TestCertificates, server: TLSIdentity), any Error> = Result {
        let certificates = try TestCertificates()
        let identity = try certificates.identity("DNS:localhost,IP:127.0.0.1")
        atexit { try? Transport.identity.get().certificates.remove() }
        return (certificates: certificates, server: identity)
    }

    /// The last lines of a configuration, which make its gateway listen this way.
    var listener: String {
        get throws {
            guard self == .tls else { return "" }
            let server = try Self.identity.get().server
            return """

                [server.tls]
                cert = "\(server.certificateFile)"
                key = "\(server.keyFile)"
                """
        }
    }

    /// A PEM file of what a client must trust.
    var roots: String? {
        get throws { self == .tls ? try Self.identity.get().certificates.root : nil }
    }

    var testDescription: String { self == .tls ? "TLS" : "in clear" }
}

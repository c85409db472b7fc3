import MartletRouting
import NIOSSL
import Synchronization

/// The listener's certificate and key, read from their files.
final class TLSFiles: Sendable {
    /// The files cannot be used.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var files: ListenerTLS
        var context: NIOSSLContext
    }

    private let state: Mutex<State>

    /// Reads the files.
    ///
    /// - Throws: When one of them cannot be read, or certificate and key do not belong together.
    init(_ files: ListenerTLS) throws(Failure) {
        state = Mutex(State(files: files, context: try Self.read(files)))
    }

    /// What new connections are served with.
    var context: NIOSSLContext { state.withLock { $0.context } }

    /// Reads the files again; connections that are open keep what they began with.
    ///
    /// - Parameter files: Other files, when the configuration names others now.
    /// - Throws: When they cannot be used; what was read before stays in use.
    func reload(_ files: ListenerTLS? = nil) throws(Failure) {
        let files = files ?? state.withLock { $0.files }
        let context = try Self.read(files)
        state.withLock { $0 = State(files: files, context: context) }
    }

    private static func read(_ files: ListenerTLS) throws(Failure) -> NIOSSLContext {
        let chain = try read("server.tls.cert", files.certificateFile) {
            try NIOSSLCertificate.fromPEMFile($0).map { NIOSSLCertificateSource.certificate($0) }
        }
        guard !chain.isEmpty else {
            throw Failure(description: "server.tls.cert: \(files.certificateFile) holds no certificate")
        }
        let key = try read("server.tls.key", files.keyFile) { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        if let roots = files.clientCAFile {
            configuration.trustRoots = .certificates(
                try read("server.tls.client_ca", roots) { try NIOSSLCertificate.fromPEMFile($0) }
            )
            // Clients have no host name to check; their certificate must come from one of the roots.
            configuration.certificateVerification = .noHostnameVerification
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Failure(
                description:
                    "server.tls: \(files.certificateFile) and \(files.keyFile) cannot be used together: \(error)"
            )
        }
    }

    private static func read<Value>(
        _ key: String,
        _ path: String,
        _ body: (String) throws -> Value
    ) throws(Failure) -> Value {
        do {
            return try body(path)
        } catch {
            throw Failure(description: "\(key): \(path) cannot be read: \(error)")
        }
    }
}

import MartletRouting
import NIOSSL
import Synchronization

/// The listener's certificate and key, read from their files.
final class TLSFiles: Sendable {
    /// The files cannot be used.
    struct Failure: Error, CustomStringConvertible {
        /// The key of the configuration that names them.
        let key: String
        let reason: String

        var description: String { "\(key): \(reason)" }
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

    /// Reads the files again, and changes nothing yet.
    ///
    /// - Parameter files: Other files, when the configuration names others now.
    /// - Returns: Serves new connections with what was read; those that are open keep what they began with.
    /// - Throws: When they cannot be used.
    func prepare(_ files: ListenerTLS? = nil) throws(Failure) -> @Sendable () -> Void {
        let files = files ?? state.withLock { $0.files }
        let context = try Self.read(files)
        return { [self] in state.withLock { $0 = State(files: files, context: context) } }
    }

    private static func read(_ files: ListenerTLS) throws(Failure) -> NIOSSLContext {
        let chain = try read("server.tls.cert", files.certificateFile) {
            try NIOSSLCertificate.fromPEMFile($0).map { NIOSSLCertificateSource.certificate($0) }
        }
        guard !chain.isEmpty else {
            throw Failure(key: "server.tls.cert", reason: "\(files.certificateFile) holds no certificate")
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
            let reason = "\(files.certificateFile) and \(files.keyFile) cannot be used together: \(error)"
            throw Failure(key: "server.tls", reason: reason)
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
            throw Failure(key: key, reason: "\(path) cannot be read: \(error)")
        }
    }
}

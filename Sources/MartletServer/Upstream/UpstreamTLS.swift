import MartletRouting
import NIOSSL

/// TLS towards upstreams, from the files that accounts name.
enum UpstreamTLS {
    /// Reads the files, and the system's roots where an account names none of its own.
    ///
    /// - Throws: NIOSSL's error when a file cannot be used.
    static func context(for options: TLSOptions) throws -> NIOSSLContext {
        var configuration = try configuration(for: options)
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }

    /// The same without a word about the protocol on top.
    static func configuration(for options: TLSOptions) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let file = options.caFile { configuration.trustRoots = .file(file) }
        if let certificate = options.certificateFile, let key = options.keyFile {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        }
        if options.insecure { configuration.certificateVerification = .none }
        return configuration
    }

    /// Reads every file that an account names, once.
    ///
    /// - Throws: At the first one that cannot be used.
    static func check(_ snapshot: Snapshot) throws(TLSFiles.Failure) {
        var seen: Set<TLSOptions> = []
        let targets =
            snapshot.accounts.values.map { $0.makeTarget("check") } + snapshot.models.values.flatMap(\.targets)
        for target in targets where target.tls.namesFiles && seen.insert(target.tls).inserted {
            do {
                _ = try context(for: target.tls)
            } catch {
                let files = [target.tls.caFile, target.tls.certificateFile, target.tls.keyFile].compactMap(\.self)
                throw TLSFiles.Failure(
                    key: "gateway.providers.\(target.account).tls",
                    reason: "\(files.joined(separator: ", ")) cannot be used: \(error)"
                )
            }
        }
    }
}

extension TLSOptions {
    /// Whether it takes more than the system's roots.
    var namesFiles: Bool { caFile != nil || certificateFile != nil || keyFile != nil }
}

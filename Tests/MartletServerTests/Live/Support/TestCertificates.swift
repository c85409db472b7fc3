import Foundation
import MartletTesting

/// A certificate authority of a test's own, and a server certificate by it, made with the `openssl` command.
struct TestCertificates {
    let directory: URL

    /// The root's PEM file.
    var root: String { directory.appending(path: "root.pem").path }

    struct Failed: Error {
        let arguments: [String]
        let output: String
    }

    /// Where the command is; `nil` on a machine without it.
    static let command: String? =
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        .map { "\($0)/openssl" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "martlet-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try run(
            [
                "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=Martlet test root", "-keyout", "root.key", "-out",
                "root.pem",
            ]
                + Self.newKey
        )
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }

    /// Makes a certificate.
    ///
    /// - Parameter names: Its subject alternative names, like `DNS:localhost,IP:127.0.0.1`.
    func identity(_ names: String) throws -> TLSIdentity {
        try Data("subjectAltName=\(names)\n".utf8).write(to: directory.appending(path: "names.cnf"))
        try run(["req", "-nodes", "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr"] + Self.newKey)
        try run([
            "x509", "-req", "-in", "server.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days",
            "2",
            "-extfile", "names.cnf", "-out", "server.pem",
        ])
        return TLSIdentity(
            certificateFile: directory.appending(path: "server.pem").path,
            keyFile: directory.appending(path: "server.key").path
        )
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

    private func run(_ arguments: [String]) throws {
        let (ending, output) = try ChildProcess.run(Self.command ?? "/usr/bin/openssl", arguments, in: directory.path)
        guard ending == .exited(0) else {
            throw Failed(arguments: arguments, output: String(decoding: output, as: UTF8.self))
        }
    }
}

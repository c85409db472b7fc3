import Foundation
import MartletTesting

extension LiveGateway {
    /// Runs a gateway that listens with TLS, and a scripted upstream behind it.
    ///
    /// - Parameters:
    ///   - clientRoots: Whether clients need a certificate of the test's authority.
    ///   - toml: Further tables.
    static func runTLS<Result>(
        clientRoots: Bool = false,
        toml: String = "",
        _ body: (LiveGateway, ScriptedUpstream, TestCertificates) async throws -> Result
    ) async throws -> Result {
        let certificates = try TestCertificates()
        defer { certificates.remove() }
        let identity = try certificates.identity("DNS:localhost,IP:127.0.0.1")
        let clients = clientRoots ? #", client_ca = "\#(certificates.root)""# : ""
        let text = """
            [server]
            tls = { cert = "\(identity.certificateFile)", key = "\(identity.keyFile)"\(clients) }
            \(toml)
            """
        return try await run(toml: text) { try await body($0, $1, certificates) }
    }
}

/// What the `curl` command says.
struct Curl {
    let status: Int32
    let output: [UInt8]

    /// The last line, which `--write-out` makes.
    var facts: String {
        String(decoding: output.split(separator: UInt8(ascii: "\n")).last ?? [], as: UTF8.self)
    }

    var text: String { String(decoding: output, as: UTF8.self) }

    /// Runs `curl` with the given arguments; its output is the body, then what `--write-out` asks for.
    static func run(_ arguments: [String], input: [UInt8] = []) async throws -> Curl {
        try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread {
                do {
                    let process = Process()
                    process.executableURL = URL(filePath: "/usr/bin/env")
                    process.arguments = ["curl", "--silent", "--show-error", "--max-time", "20"] + arguments
                    let output = Pipe()
                    let standardInput = Pipe()
                    process.standardOutput = output
                    process.standardError = output
                    process.standardInput = standardInput
                    try process.run()
                    try standardInput.fileHandleForWriting.write(contentsOf: Data(input))
                    try standardInput.fileHandleForWriting.close()
                    let bytes = output.fileHandleForReading.readDataToEndOfFile()
                    process.waitUntilExit()
                    done.resume(returning: Curl(status: process.terminationStatus, output: Array(bytes)))
                } catch {
                    done.resume(throwing: error)
                }
            }
        }
    }

    /// Sends a chat request.
    static func chat(
        _ gateway: LiveGateway,
        _ certificates: TestCertificates,
        _ model: String,
        stream: Bool = false,
        _ arguments: [String] = []
    ) async throws -> Curl {
        try await run(
            [
                "--cacert", certificates.root, "--write-out", "\n%{http_version} %{http_code} %{content_type}",
                "--header", "authorization: Bearer \(LiveGateway.key)", "--header", "content-type: application/json",
                "--data-binary", "@-", "--no-buffer",
            ] + arguments + ["https://localhost:\(gateway.port)/v1/chat/completions"],
            input: ChatFixtures.request(model: "up::\(model)", stream: stream)
        )
    }
}

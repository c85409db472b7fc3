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

    struct Ended: Error {
        let ending: ChildProcess.Ending
    }

    /// Runs `curl` with the given arguments; its output is the body, then what `--write-out` asks for.
    static func run(_ arguments: [String], input: [UInt8] = []) async throws -> Curl {
        try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread {
                do {
                    let curl = ["curl", "--silent", "--show-error", "--max-time", "20"] + arguments
                    let (ending, output) = try ChildProcess.run("/usr/bin/env", curl, input: input)
                    guard case .exited(let status) = ending else { throw Ended(ending: ending) }
                    done.resume(returning: Curl(status: status, output: output))
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

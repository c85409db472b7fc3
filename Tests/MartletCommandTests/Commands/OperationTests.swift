import Foundation
import Testing

@testable import MartletCommand

@Suite struct OperationTests {
    private static let finding = #"""
        {"severity":"error","place":"m.toml:2:3","file":"m.toml","line":2,"column":3,"message":"is wrong",
        "suggestion":"right"}
        """#

    private func reload(
        _ answer: ScriptedGateway.Answer,
        _ arguments: [String] = ["reload"],
        environment: [String: String] = ["ADMIN_KEY": "admin-1", "MARTLET_API_KEY": "sk-mt-own"]
    ) async throws -> (code: Int32, captured: CapturedConsole, request: ScriptedGateway.Request?) {
        let seen = SeenRequest()
        return try await ScriptedGateway.serving { request in
            seen.set(request)
            return answer
        } _: { url in
            let captured = CapturedConsole(environment: environment.merging(["MARTLET_BASE_URL": url]) { $1 })
            let code = await CommandLineRun.run(arguments, console: captured.console)
            return (code, captured, seen.get())
        }
    }

    @Test func `a reload goes to the control plane with the admin key`() async throws {
        let answer = ScriptedGateway.Answer(parts: [#"{"object":"reload","status":"ok","findings":[]}"#])
        let (code, captured, request) = try await reload(answer)
        #expect(code == 0 && captured.output == "configuration reloaded\n" && captured.error == "")
        #expect(request?.method == "POST" && request?.path == "/admin/reload")
        #expect(request?.headers["authorization"] == "Bearer admin-1")
    }

    @Test func `a refused reload prints its findings and exits 2`() async throws {
        let body = #"{"error":{"message":"refused","code":"configuration_invalid"},"findings":[\#(Self.finding)]}"#
        let answer = ScriptedGateway.Answer(status: 400, parts: [body])
        let (code, captured, _) = try await reload(answer)
        #expect(code == 2 && captured.output == "")
        #expect(captured.error.hasPrefix("m.toml:2:3: error: is wrong (did you mean right?)\n"))
        let (jsonCode, document, _) = try await reload(answer, ["reload", "--json"])
        #expect(jsonCode == 2 && document.output == body + "\n")
    }

    @Test func `a key that may not reload is exit code 4`() async throws {
        let body = #"{"error":{"message":"This needs the admin key","type":"x","param":null,"code":"forbidden"}}"#
        let (code, captured, _) = try await reload(.init(status: 403, parts: [body]))
        #expect(code == 4 && captured.error.contains("admin key"))
    }

    @Test func `every target is asked once, and the failures decide the exit code`() async throws {
        let answer: @Sendable (ScriptedGateway.Request) -> ScriptedGateway.Answer = { request in
            if request.path == "/v1/models" {
                let names = ["a", "b", "auto"].map { #"{"id":"\#($0)","owned_by":"p"}"# }.joined(separator: ",")
                return .init(parts: [#"{"data":[\#(names)]}"#])
            }
            guard request.body.contains(#""model":"a""#) else {
                return .init(status: 502, parts: [#"{"error":{"message":"down","code":"provider_error"}}"#])
            }
            return .init(
                headers: ["content-type": "application/json", "x-provider": "p"],
                parts: [#"{"choices":[{"message":{"content":"yes"},"finish_reason":"stop"}]}"#]
            )
        }
        try await ScriptedGateway.serving(answer) { url in
            let table = CapturedConsole(environment: ["MARTLET_BASE_URL": url])
            #expect(await table.run("ai", "test", "--all") == 6)
            let rows = table.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
            #expect(rows.map { [$0[0], $0[1], $0[2]] } == [["a", "p", "ok"], ["b", "-", "failed"]])
            let document = CapturedConsole(environment: ["MARTLET_BASE_URL": url])
            #expect(await document.run("ai", "test", "--all", "--json") == 6)
            let report = try json(document.output)
            let data = try #require(report["data"] as? [NSDictionary])
            #expect(report["status"] as? String == "failed" && data.count == 2)
            #expect(data[0]["text"] as? String == "yes")
            #expect((data[1]["error"] as? NSDictionary)?["code"] as? String == "provider_error")
        }
        let neither = CapturedConsole()
        #expect(await neither.run("ai", "test") == 64)
    }

    @Test func `the doctor works without a gateway and says what to do`() async throws {
        try await withTemporaryDirectory { folder in
            try "[models.mock]\n[server]\nbind = \"127.0.0.1:1\"\n"
                .write(toFile: folder + "/m.toml", atomically: true, encoding: .utf8)
            let arguments = ["ai", "doctor", "--config", folder + "/m.toml", "--data-dir", folder + "/data"]
            let lines = CapturedConsole()
            #expect(await CommandLineRun.run(arguments, console: lines.console) == 0)
            #expect(lines.output.contains("warn  running gateway  none runs on this data directory"))
            #expect(lines.output.contains("`martlet serve` starts one"))
            let document = CapturedConsole()
            #expect(await CommandLineRun.run(arguments + ["--json"], console: document.console) == 0)
            #expect(try json(document.output)["status"] as? String == "warn")
            try "[server".write(toFile: folder + "/m.toml", atomically: true, encoding: .utf8)
            #expect(await CommandLineRun.run(arguments, console: CapturedConsole().console) == 1)
            #expect(!FileManager.default.fileExists(atPath: folder + "/data"))
        }
    }

    @Test func `a check prints one document with --json, also when it refuses`() async throws {
        try await withTemporaryDirectory { folder in
            try "[server]\nbnid = 1\n".write(toFile: folder + "/m.toml", atomically: true, encoding: .utf8)
            let captured = CapturedConsole()
            #expect(await captured.run("config", "check", "--json", folder + "/m.toml") == 2)
            let document = try json(captured.output)
            let finding = try #require((document["findings"] as? [NSDictionary])?.first)
            #expect(document["status"] as? String == "refused")
            #expect(finding["line"] as? Int == 2 && finding["suggestion"] as? String == "bind")
        }
    }

    @Test func `listing keys of a data directory that is not there is exit code 5 and makes none`() async throws {
        try await withTemporaryDirectory { folder in
            let captured = CapturedConsole()
            #expect(await captured.run("keys", "list", "--data-dir", folder + "/mistyped") == 5)
            #expect(captured.error.contains(folder + "/mistyped"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/mistyped"))
        }
    }

    @Test func `a gateway that is not there is named in our words`() async throws {
        let captured = CapturedConsole(environment: ["MARTLET_BASE_URL": "http://127.0.0.1:1"])
        #expect(await captured.run("status") == 3)
        #expect(captured.error.contains("nothing listens there"))
    }
}

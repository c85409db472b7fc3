import Foundation
import Testing

@testable import MartletCommand

@Suite struct KeysTests {
    private func environment(_ folder: String) -> [String: String] {
        ["HOME": folder, "MARTLET_DATA_DIR": folder + "/data", "MARTLET_CONFIG": folder + "/martlet.toml"]
    }

    private func withData(_ body: ([String: String]) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            try "".write(toFile: folder + "/martlet.toml", atomically: true, encoding: .utf8)
            try await body(environment(folder))
        }
    }

    @Test func `a new key stands alone on stdout and is never shown again`() async throws {
        try await withData { environment in
            let made = CapturedConsole(environment: environment)
            #expect(await made.run("keys", "create", "--name", "laptop") == 0)
            let key = made.output.dropLast()
            #expect(made.output.hasSuffix("\n") && key.count == 73 && key.hasPrefix("sk-mt-"))
            #expect(!key.contains("\n") && !made.error.contains(key) && made.error.contains("only this once"))

            let id = String(key.dropFirst(6).prefix(12))
            let listed = CapturedConsole(environment: environment)
            #expect(await listed.run("keys", "list") == 0)
            let row = listed.output.dropLast().split(separator: "\t").map(String.init)
            #expect(row.prefix(5) == [id, "laptop", String(key.suffix(4)), "inference", "active"])
            #expect(!listed.output.contains(key.dropFirst(19).prefix(48)))
        }
    }

    @Test func `the documents have the names that scripts rely on`() async throws {
        try await withData { environment in
            let made = CapturedConsole(environment: environment)
            let code = await made.run(
                "keys",
                "create",
                "--json",
                "--scopes",
                "inference,admin",
                "--expires",
                "2999-01-01T00:00:00Z"
            )
            #expect(code == 0)
            let key = try json(made.output)
            #expect(
                Set(key.allKeys.compactMap { $0 as? String })
                    == ["id", "key", "name", "prefix", "last4", "scopes", "created_at", "expires_at"]
            )
            #expect(key["scopes"] as? [String] == ["inference", "admin"])
            #expect(key["expires_at"] as? String == "2999-01-01T00:00:00Z")
            #expect(made.error == "")

            let listed = CapturedConsole(environment: environment)
            #expect(await listed.run("keys", "list", "--json") == 0)
            let data = try #require(try json(listed.output)["data"] as? [NSDictionary])
            #expect(data.count == 1)
            let names = Set(data.first?.allKeys.compactMap { $0 as? String } ?? [])
            #expect(names.isSuperset(of: ["id", "revoked_at", "last_used_at"]) && !names.contains("key"))
        }
    }

    @Test func `revoking works by id and by prefix, and shows in the list`() async throws {
        try await withData { environment in
            for spelled in ["", "sk-mt-"] {
                let made = CapturedConsole(environment: environment)
                #expect(await made.run("keys", "create") == 0)
                let id = String(made.output.dropFirst(6).prefix(12))
                let revoked = CapturedConsole(environment: environment)
                #expect(await revoked.run("keys", "revoke", spelled + id) == 0)
                let listed = CapturedConsole(environment: environment)
                #expect(await listed.run("keys", "list") == 0)
                #expect(listed.output.contains("\(id)\t-\t") && !listed.output.contains("active"))
                #expect(await revoked.run("keys", "revoke", id, "--json") == 0)
                let key = try json(revoked.output)
                #expect(key["id"] as? String == id && key["revoked_at"] is String)
            }
        }
    }

    @Test(arguments: ["abcdefghijkl", "sk-mt-abcdefghijkl-SECRETSECRET", "SECRETSECRET!", ""])
    func `an unknown id is exit code 5, and a secret given by mistake is not repeated`(id: String) async throws {
        try await withData { environment in
            let captured = CapturedConsole(environment: environment)
            #expect(await captured.run("keys", "revoke", id) == 5)
            #expect(!captured.error.contains("SECRET") && captured.output == "")
        }
    }

    @Test func `the gateway command makes a key too`() async throws {
        try await withData { environment in
            let captured = CapturedConsole(environment: environment)
            #expect(await captured.run("gateway", "--create-api-key") == 0)
            #expect(captured.output.hasPrefix("sk-mt-") && captured.output.count == 74)
        }
    }

    @Test func `a refused configuration is exit code 2, before anything is made`() async throws {
        try await withTemporaryDirectory { folder in
            try "[server]\nbnid = \"x\"\n".write(
                toFile: folder + "/martlet.toml",
                atomically: true,
                encoding: .utf8
            )
            let captured = CapturedConsole(environment: environment(folder))
            #expect(await captured.run("keys", "create") == 2)
            #expect(captured.error.contains("\(folder)/martlet.toml:2:1: error:"))
            #expect(captured.output == "")
            #expect(!FileManager.default.fileExists(atPath: folder + "/data"))
        }
    }

    @Test func `a data directory that cannot be used is exit code 1`() async throws {
        try await withTemporaryDirectory { folder in
            try "".write(toFile: folder + "/martlet.toml", atomically: true, encoding: .utf8)
            try "a file".write(toFile: folder + "/data", atomically: true, encoding: .utf8)
            let captured = CapturedConsole(environment: environment(folder))
            #expect(await captured.run("keys", "list") == 1)
            #expect(captured.error.hasPrefix("error: "))
        }
    }
}

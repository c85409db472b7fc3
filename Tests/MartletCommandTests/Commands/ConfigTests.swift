import Foundation
import Testing

@testable import MartletCommand

@Suite struct ConfigTests {
    private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            try text.write(toFile: folder + "/a.toml", atomically: true, encoding: .utf8)
            try await body(folder + "/a.toml")
        }
    }

    @Test func `a check names file, line and column of an error and exits 2`() async throws {
        try await withFile("[server]\nbnid = \"127.0.0.1:1\"\n") { path in
            for arguments in [
                ["config", "check", path], ["config", "check", "-q", path],
                ["serve", "--check-config", "--config", path],
            ] {
                let captured = CapturedConsole()
                #expect(await CommandLineRun.run(arguments, console: captured.console) == 2)
                #expect(captured.error.hasPrefix("\(path):2:1: error: "))
                #expect(captured.error.contains("(did you mean bind?)"))
                #expect(captured.output == "")
            }
        }
    }

    @Test func `a good file is ok in one line, in none when quiet`() async throws {
        try await withFile("[server]\nbind = \"127.0.0.1:1\"\n") { path in
            let loud = CapturedConsole()
            #expect(await loud.run("config", "check", path) == 0)
            #expect(loud.output == "\(path): ok\n")
            let quiet = CapturedConsole()
            #expect(await quiet.run("config", "check", "-q", path) == 0)
            #expect(quiet.output == "" && quiet.error == "")
        }
    }

    @Test func `a named file that is missing is exit code 2`() async {
        let captured = CapturedConsole()
        #expect(await captured.run("config", "check", "/nowhere/martlet.toml") == 2)
        #expect(captured.error.contains("/nowhere/martlet.toml"))
    }

    @Test func `values are shown with their origin, as lines and as a document`() async throws {
        try await withFile("[server]\nbind = \"127.0.0.1:1\"\n") { path in
            let lines = CapturedConsole()
            #expect(await lines.run("config", "show", "--origin", "--config", path) == 0)
            #expect(lines.output.contains("server.bind = \"127.0.0.1:1\"  # \(path):2\n"))
            let document = CapturedConsole()
            #expect(await document.run("config", "show", "--json", "--config", path) == 0)
            let data = try #require(try json(document.output)["data"] as? [NSDictionary])
            let bind = data.first { $0["key"] as? String == "server.bind" }
            #expect(bind?["origin"] as? String == "\(path):2")
        }
    }

    @Test func `the schema is JSON`() async throws {
        let captured = CapturedConsole()
        #expect(await captured.run("config", "schema") == 0)
        let schema = try json(captured.output)
        #expect(schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    }
}

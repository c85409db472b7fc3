import Foundation
import Testing

@testable import MartletCommand

@Suite struct UsageTests {
    @Test(arguments: [
        ["nonsense"], ["serve", "--nonsense"], ["serve", "--port", "70000"], ["serve", "--port", "x"],
        ["keys", "create", "--scopes", "root"], ["keys", "create", "--scopes", ""],
        ["keys", "create", "--expires", "tomorrow"], ["keys", "create", "--expires", "2001-01-01T00:00:00Z"],
        ["keys", "create", "--name", "a\u{1b}b"], ["keys", "revoke"], ["ai", "chat"], ["ai", "chat", ""],
        ["ai", "chat", "m", "--prompt", "q", "--max-tokens", "0"], ["ai", "chat", "m", "--temperature", "nan"],
        ["ai", "test", "m", "--key", "a", "--key-stdin"], ["completion", "tcsh"], ["ai", "chat", "m"],
        ["status", "--url", "localhost"], ["ai", "models", "list", "--url", "http://u:p@h"],
    ])
    func `a command line that cannot be meant exits 64 with words on stderr`(arguments: [String]) async {
        let captured = CapturedConsole()
        #expect(await CommandLineRun.run(arguments, console: captured.console) == 64)
        #expect(captured.output == "")
        #expect(!captured.error.isEmpty)
    }

    @Test(arguments: [
        ["ai", "chat", "--json"], ["keys", "create", "--json", "--scopes", "x"], ["ai", "chat", "m", "--json"],
    ])
    func `with --json the error is the document`(arguments: [String]) async throws {
        let captured = CapturedConsole()
        #expect(await CommandLineRun.run(arguments, console: captured.console) == 64)
        let error = try #require(try json(captured.output)["error"] as? NSDictionary)
        #expect(error["code"] as? String == "usage")
        #expect((error["message"] as? String)?.isEmpty == false)
        #expect(captured.error == "")
    }

    @Test func `a key on the command line works, warns, and is not shown`() async {
        let captured = CapturedConsole()
        #expect(await captured.run("ai", "models", "list", "--url", "http://127.0.0.1:1", "--key", "sk-mt-hidden") == 3)
        #expect(captured.error.hasPrefix("warning: a key on the command line"))
        #expect(!captured.error.contains("hidden"))
    }

    @Test func `a gateway that does not answer is exit code 3`() async throws {
        let captured = CapturedConsole(environment: ["MARTLET_BASE_URL": "http://127.0.0.1:1"])
        #expect(await captured.run("status") == 3)
        #expect(captured.error.contains("http://127.0.0.1:1") && captured.error.contains("martlet serve"))
        let document = CapturedConsole(environment: ["MARTLET_BASE_URL": "http://127.0.0.1:1"])
        #expect(await document.run("status", "--json") == 3)
        let error = try #require(try json(document.output)["error"] as? NSDictionary)
        #expect(error["code"] as? String == "gateway_unreachable")
    }
}

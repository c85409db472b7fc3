import Foundation
import Testing

@testable import MartletServer

@Suite("Programs that print credentials", .timeLimit(.minutes(1))) struct CredentialProgramTests {
    private func text(
        _ words: String...,
        limit: Duration = .seconds(20)
    ) async -> Result<String, CredentialProgram.Fault> {
        await CredentialProgram.run(words, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a program of the path gets its words as they are, and nothing else of ours")
    func words() async {
        #expect(await text("printf", "%s|", "a b", "$HOME", "*", "é") == .success("a b|$HOME|*|é|"))
        #expect(await text("/bin/sh", "-c", "cat; echo end") == .success("end\n"))
        #expect(await text("/bin/sh", "-c", "echo hush >&2; printf out") == .success("out"))
    }

    @Test("how it fails is said, and not what it printed")
    func failures() async {
        func fault(_ words: String...) async -> String {
            switch await CredentialProgram.run(words, limit: .seconds(20)) {
            case .success: "none"
            case .failure(let fault): fault.text
            }
        }
        #expect(await fault("/bin/sh", "-c", "echo hush; exit 3") == "ended with status 3")
        #expect(await fault("/bin/sh", "-c", "kill -TERM $$") == "was ended by a signal")
        #expect(await fault("/nowhere/at all") == "cannot be started")
        #expect(await fault("yes") == "prints too much")
    }

    @Test("one that takes too long is ended with all that it started, and so is one that nobody waits for")
    func limits() async throws {
        let start = ContinuousClock.now
        let late = await text("/bin/sh", "-c", "sleep 50 & sleep 50", limit: .milliseconds(100))
        #expect(late == .failure(.init(text: "does not end in time")))
        let task = Task { await text("sleep", "50", limit: .seconds(50)) }
        task.cancel()
        #expect(await task.value == .failure(.init(text: "does not end in time")))
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test("a file is replaced whole, and only its owner may read it")
    func write() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        for text in ["a longer one", "new"] {
            CredentialProgram.write(Array(text.utf8), to: path)
            #expect(FileManager.default.contents(atPath: path) == Data(text.utf8))
        }
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }
}

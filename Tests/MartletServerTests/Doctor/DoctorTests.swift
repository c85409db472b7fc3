import Foundation
import MartletConfig
import MartletGovernance
import MartletStore
import Testing

@testable import MartletServer

@Suite("The doctor", .timeLimit(.minutes(1)))
struct DoctorTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)").path

    private func checks(_ toml: String = "", environment: [String: String] = [:]) async -> [String: DoctorCheck] {
        var flags = FlagOverrides()
        flags.dataDirectory = folder
        let files = FileAccess(read: { $0 == "/c/m.toml" ? Array(toml.utf8) : nil })
        let config = ConfigLoader.load(files: ["/c/m.toml"], flags: flags, environment: environment, files: files)
        let found = await Doctor(config: config, files: ["/c/m.toml"], now: { 1_000 }).checks()
        return Dictionary(found.map { ($0.name, $0) }) { $1 }
    }

    private func directoryChecks() -> [DoctorCheck] {
        DataDirectoryCheck(paths: ResolvedPaths(dataDirectory: folder, database: folder + "/martlet.db")).checks()
    }

    @Test("looks at a machine where nothing was started yet, and makes nothing")
    func fresh() async {
        let found = await checks("[models.mock]\n")
        #expect(found["configuration"]?.status == .ok)
        #expect(found["data directory"]?.message.contains("the first start makes it") == true)
        #expect(found["gateway keys"]?.message.contains("the first start makes one") == true)
        #expect(found["clock"]?.status == .ok)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test("names the first finding of a configuration that is refused, and looks at the rest all the same")
    func refused() async {
        let found = await checks("[server]\nbnid = \"x\"\n")
        #expect(found["configuration"]?.status == .fail)
        #expect(found["configuration"]?.message.hasPrefix("/c/m.toml:2:1: error: ") == true)
        #expect(found["data directory"]?.status == .ok)
    }

    @Test("says which configured account is off for want of its key")
    func off() async {
        let found = await checks("[gateway.providers.openai]\napi_key_location = \"env::NOT_SET\"\n[models.mock]\n")
        let account = found["account openai"]
        #expect(account?.status == .warn && account?.message.contains("NOT_SET") == true)
    }

    @Test("an engine that is configured and silent does not work; keys that have expired open nothing")
    func engineAndKeys() async throws {
        let directory = try DataDirectory(creating: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let keys = try KeyStore(MartletDatabase(directory), pepper: Pepper(directory), directory: directory)
        let past = Timestamp(unixSeconds: 900)
        _ = try keys.create(name: "old", scopes: [.inference], expiresAt: past, now: Timestamp(unixSeconds: 0))
        let found = await checks("[local]\nbase_url = \"http://127.0.0.1:1\"\n")
        #expect(found["local engine"]?.status == .fail)
        #expect(found["gateway keys"]?.status == .warn)
        _ = try keys.create(name: "new", scopes: [.inference], now: Timestamp(unixSeconds: 0))
        #expect(await checks()["gateway keys"]?.message == "1 usable")
    }

    @Test("a data directory that others may open is a warning, a pepper that others may read is refused")
    func rights() throws {
        let directory = try DataDirectory(creating: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(directoryChecks().map(\.status) == [.ok, .ok])
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
        #expect(directoryChecks().first?.hint == "chmod 700 \(folder)")
        _ = try Pepper(directory)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: directory.pepperPath)
        let pepper = directoryChecks().first
        #expect(pepper?.status == .fail && pepper?.hint == "chmod 600 \(directory.pepperPath)")
    }

    @Test("a file where the directory should be does not do")
    func file() throws {
        try "x".write(toFile: folder, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(directoryChecks().first?.status == .fail)
    }

    @Test(
        "the clock is judged by the provider that agrees best",
        arguments: [
            ([], DoctorCheck.Status.ok), ([2, -3_000], .ok), ([-31, 90], .warn), ([-301], .fail),
            ([4_000, 500], .fail),
        ] as [([Int64], DoctorCheck.Status)]
    )
    func clock(skews: [Int64], expected: DoctorCheck.Status) { #expect(ClockCheck.check(skews).status == expected) }
}

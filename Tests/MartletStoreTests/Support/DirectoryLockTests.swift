import Foundation
import MartletGovernance
import MartletStore
import Testing

@Suite("The lock of a data directory")
struct DirectoryLockTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)").path
    private var pid: Int32 { ProcessInfo.processInfo.processIdentifier }

    @Test("is held by one at a time, and says by whom")
    func exclusive() throws {
        let directory = try DataDirectory(creating: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(DirectoryLock.holder(of: directory) == .nobody)
        let lock = try DirectoryLock(directory)
        #expect(DirectoryLock.holder(of: directory) == .process(pid))
        #expect(throws: StoreError.inUse(path: path, pid: pid)) { try DirectoryLock(directory) }
        lock.release()
        #expect(DirectoryLock.holder(of: directory) == .nobody)
        let next = try DirectoryLock(directory)
        next.release()
        next.release()
    }

    @Test("is not in the way of keys")
    func keys() throws {
        let directory = try DataDirectory(creating: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let lock = try DirectoryLock(directory)
        let keys = try KeyStore(MartletDatabase(directory), pepper: Pepper(directory), directory: directory)
        #expect(
            try keys.create(name: "beside", scopes: [.inference], now: Timestamp(unixSeconds: 0)).text.hasPrefix(
                "sk-mt-"
            )
        )
        lock.release()
    }

    @Test("asking who holds a directory that is not there makes nothing")
    func asking() {
        #expect(DirectoryLock.holder(of: DataDirectory(at: path)) == .nobody)
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}

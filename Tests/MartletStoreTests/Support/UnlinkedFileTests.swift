import Foundation
import Testing

@testable import MartletStore

@Suite("Files without names") struct UnlinkedFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "unlinked-\(UUID())").path

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder) }

    @Test("hold bytes at any offset, and no name in their directory")
    func bytes() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try UnlinkedFile(in: folder)
        #expect(try names().isEmpty)
        try file.write(Array("hello".utf8).span, at: 0)
        try file.write(Array(" there".utf8).span, at: 5)
        #expect(try file.read(at: 1, count: 7) == Array("ello th".utf8))
        #expect(try file.read(at: 9, count: 7) == Array("re".utf8), "fewer at the end")
    }

    @Test("a full disk, and a directory that takes no files, are told")
    func failures() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = FaultyFiles()
        let file = try UnlinkedFile(in: folder, name: "x", files)
        files.fail(.write, ENOSPC)
        #expect(throws: SystemFailure.self) { try file.write([1].span, at: 0) }
        #expect(throws: SystemFailure.self) { try UnlinkedFile(in: folder + "/none") }
        files.fail(.remove)
        #expect(throws: SystemFailure.self) { try UnlinkedFile(in: folder, name: "y", files) }
    }
}

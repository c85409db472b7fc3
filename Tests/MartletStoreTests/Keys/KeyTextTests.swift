import Foundation
import MartletCore
import Testing

@testable import MartletStore

@Suite("Key text") struct KeyTextTests {
    private func make(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix(state: seed)
        return KeyText.make(using: &random)
    }

    @Test("has the documented form and carries its own check")
    func form() throws {
        for seed in 0..<200 {
            let key = make(UInt64(seed))
            let text = String(decoding: key, as: UTF8.self)
            #expect(text.wholeMatch(of: /sk-mt-[a-z0-9]{12}-[A-Za-z0-9]{48}[A-Za-z0-9]{6}/) != nil)
            let read = KeyText.id(of: key.span)
            let number = try #require(read)
            #expect(number.id == APIKeyID(String(text.dropFirst(6).prefix(12))))
            #expect(KeyNumber(number.id) == number)
        }
    }

    @Test("refuses any one changed byte, any cut, and anything longer")
    func damage() {
        let key = make(1)
        for index in key.indices {
            for change: UInt8 in [1, 0x20, 0x80] {
                var damaged = key
                damaged[index] ^= change
                let read = KeyText.id(of: damaged.span)
                #expect(read == nil)
            }
        }
        for count in key.indices {
            let read = KeyText.id(of: Array(key[..<count]).span)
            #expect(read == nil)
        }
        let longer = KeyText.id(of: (key + [48]).span)
        #expect(longer == nil)
    }
}

@Suite("Pepper") struct PepperTests {
    @Test("is made once, for its owner only, and read again")
    func made() throws {
        let home = try TemporaryDirectory()
        let directory = try DataDirectory(creating: home.path)
        let first = try Pepper(directory)
        #expect(try Pepper(directory).bytes == first.bytes)
        #expect(Set(first.bytes).count > 8)
        #expect(home.names() == ["pepper"])
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.pepperPath)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test("is refused when others may read it", arguments: [0o640, 0o604, 0o644])
    func exposed(mode: Int) throws {
        let home = try TemporaryDirectory()
        let directory = try DataDirectory(creating: home.path)
        _ = try Pepper(directory)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: directory.pepperPath)
        let error = #expect(throws: StoreError.self) { try Pepper(directory) }
        #expect(error == .pepperExposed(path: directory.pepperPath, mode: UInt32(mode)))
    }

    @Test("is refused when it is cut or no hexadecimal", arguments: ["", "abc", String(repeating: "g", count: 64)])
    func malformed(text: String) throws {
        let home = try TemporaryDirectory()
        let directory = try DataDirectory(creating: home.path)
        _ = FileManager.default.createFile(
            atPath: directory.pepperPath,
            contents: Data(text.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        #expect(throws: StoreError.pepperMalformed(path: directory.pepperPath)) { try Pepper(directory) }
    }
}

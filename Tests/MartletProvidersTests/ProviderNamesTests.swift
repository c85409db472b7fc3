import Foundation
import MartletProviders
import Testing

@Suite("Names of providers") struct ProviderNamesTests {
    /// One-line string literals, without those that a comment beside or above them calls no provider; those with
    /// interpolation are no names.
    private static func literals(_ text: String) -> Set<String> {
        var found: Set<String> = []
        var above: Substring = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            defer { above = line }
            if [above, line].contains(where: { $0.contains(/\/\/.*\bno provider\b/) }) { continue }
            found.formUnion(line.matches(of: /"([A-Za-z0-9_.-]{2,64})"/).map { String($0.output.1) })
        }
        return found
    }

    @Test func `stand in Swift nowhere but in their own target`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources")
            .standardizedFileURL
        // The model that is built in calls nobody; its name is a word of the wire.
        let names = Set(ProviderCatalog.builtIn.typeNames).subtracting(["mock"])
        let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files
        where file.pathExtension == "swift" && !file.path.contains("/MartletProviders/") {
            count += 1
            let found = Self.literals(try String(contentsOf: file, encoding: .utf8)).intersection(names)
            #expect(found.isEmpty, "\(file.lastPathComponent)")
        }
        #expect(count > 300)
    }
}

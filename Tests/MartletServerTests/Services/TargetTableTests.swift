import MartletCore
import MartletRouting
import Testing

@testable import MartletServer

@Suite("Table of targets") struct TargetTableTests {
    private func id(_ model: String) -> TargetID {
        TargetID(account: AccountName("one"), upstreamModel: model, credentialLocation: "env::ONE")
    }

    @Test("names that only callers know never push out what a configuration or a request holds")
    func bounded() {
        let table = TargetTable()
        let configured = table.memory(of: id("configured"))
        for number in 0..<20_000 { _ = table.memory(of: id("made-up-\(number)")) }
        #expect(table.memory(of: id("configured")) === configured)
        #expect(table.all.count <= 8_192)
    }

    @Test("targets of a large configuration all stay")
    func large() {
        let table = TargetTable()
        let held = (0..<10_000).map { table.memory(of: id("m\($0)")) }
        for number in 0..<20_000 { _ = table.memory(of: id("made-up-\(number)")) }
        #expect(held.enumerated().allSatisfy { table.memory(of: id("m\($0.offset)")) === $0.element })
        #expect(table.all.count <= 20_000)
    }
}

import Testing

@testable import MartletExchange

@Suite("The memory of signatures") struct SignatureMemoryTests {
    @Test func `forgets the oldest first, by number and by bytes`() {
        for memory in [SignatureMemory(most: 3), SignatureMemory(most: 1_000, mostBytes: 3 * 6)] {
            for number in 1...9 { memory.keep("S", ofCall: "c\(number)", account: "a") }
            let known = (1...9).filter { memory.signature(ofCall: "c\($0)", account: "a") == "S" }
            #expect(known.last == 9 && known.count < 9)
            #expect(known == Array((known.first ?? 0)...9))
        }
    }

    @Test func `keeps a call's last signature, and each account's own`() {
        let memory = SignatureMemory()
        memory.keep("one", ofCall: "c", account: "a")
        memory.keep("two", ofCall: "c", account: "a")
        memory.keep("three", ofCall: "c", account: "b")
        #expect(memory.signature(ofCall: "c", account: "a") == "two")
        #expect(memory.signature(ofCall: "c", account: "b") == "three")
        #expect(memory.signature(ofCall: "c", account: "c") == nil)
    }

    @Test func `keeps nothing that is larger than its part, and holds through many`() {
        let memory = SignatureMemory(most: 10, mostBytes: 160)
        memory.keep(String(repeating: "A", count: 100), ofCall: "large", account: "a")
        #expect(memory.signature(ofCall: "large", account: "a") == nil)
        for number in 0..<1_000 { memory.keep("S", ofCall: "c\(number)", account: "a") }
        #expect((0..<1_000).filter { memory.signature(ofCall: "c\($0)", account: "a") != nil } == Array(990..<1_000))
    }
}

import MartletCore
import MartletTesting
import Testing

@Suite("Seeded randomness and time that stands still")
struct SeededGeneratorTests {
    @Test("equal seeds give equal numbers, different seeds do not")
    func sequence() {
        var first = SeededGenerator(seed: 1)
        var again = SeededGenerator(seed: 1)
        var other = SeededGenerator(seed: 2)
        let numbers = (0..<50).map { _ in first.next() }
        #expect(numbers == (0..<50).map { _ in again.next() })
        #expect(numbers != (0..<50).map { _ in other.next() })
    }

    @Test("begins as SplitMix64 does from seed 1234567")
    func published() {
        // The reference implementation's first outputs, as Rosetta Code prints them.
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
    }

    @Test("pieces make up the bytes again and are no longer than asked")
    func cuts() {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
        var generator = SeededGenerator(seed: 7)
        let pieces = generator.cut(bytes, longest: 9)
        #expect(pieces.flatMap { $0 } == bytes)
        #expect(pieces.allSatisfy { (1...9).contains($0.count) })
    }

    @Test("a manual clock moves both times, and the wall alone when it is set")
    func clock() {
        let clock = ManualClock(wallMilliseconds: 5_000)
        let start = clock.now
        clock.advance(by: .milliseconds(1_500))
        #expect(clock.now - start == .milliseconds(1_500))
        #expect(clock.wallMilliseconds == 6_500)
        clock.setWall(milliseconds: 1)
        #expect(clock.wallMilliseconds == 1 && clock.now - start == .milliseconds(1_500))
    }
}

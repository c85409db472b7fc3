import Foundation
import Testing

/// One file of the corpus.
struct Fixture: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]

    var testDescription: String { name }

    /// All files of a folder of the corpus, by name.
    static func all(_ folder: String) -> [Fixture] {
        let root = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(folder)")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return names.sorted().compactMap { name in
            (try? Data(contentsOf: root.appendingPathComponent(name))).map { Fixture(name: name, bytes: Array($0)) }
        }
    }

    /// One file of a folder of the corpus.
    static func named(_ name: String, in folder: String) throws -> Fixture {
        try #require(all(folder).first { $0.name == name })
    }
}

/// Repeatable randomness.
///
/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Ways to cut bytes into reads: whole, byte by byte, and at random places.
func cuts(of bytes: [UInt8], seeds: ClosedRange<UInt64> = 1...40) -> [[[UInt8]]] {
    var ways = [[bytes], bytes.map { [$0] }]
    for seed in seeds {
        var generator = SeededGenerator(state: seed)
        var reads: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            let length = Int.random(in: 0...(seed % 2 == 0 ? 40 : 700), using: &generator)
            reads.append(Array(bytes[position..<min(position + length, bytes.count)]))
            position = min(position + length, bytes.count)
        }
        ways.append(reads)
    }
    return ways
}

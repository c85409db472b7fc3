/// A small seeded generator (SplitMix64), so that a failing case can be repeated.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Ways to cut a byte stream into reads: whole, byte by byte, in two at every place, and at random.
func cuts(of bytes: [UInt8], seed: UInt64 = 1, random count: Int = 20) -> [[[UInt8]]] {
    var all: [[[UInt8]]] = [[bytes], bytes.map { byte in [byte] }]
    if bytes.count <= 400 {
        for place in bytes.indices.dropFirst() { all.append([Array(bytes[..<place]), Array(bytes[place...])]) }
    }
    var random = SeededRandom(seed: seed)
    for _ in 0..<count {
        let longest = Int.random(in: 1...max(1, min(bytes.count, 64)), using: &random)
        var reads: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 0...longest, using: &random))
            reads.append(Array(bytes[start..<end]))
            start = end
        }
        all.append(reads)
    }
    return all
}

/// The text of bytes, for readable failures.
func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

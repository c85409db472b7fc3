/// Random numbers for ids, jitter and sampling: SplitMix64 (Steele, Lea, Flood, 2014), seeded by the system.
///
/// The system's own generator costs a system call a number. Never used for secrets.
struct LoopRandom: RandomNumberGenerator {
    private var state: UInt64

    init() { state = UInt64.random(in: .min ... .max) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

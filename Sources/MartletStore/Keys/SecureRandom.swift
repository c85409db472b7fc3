/// The system's secure random numbers.
///
/// The system's own generator is an empty value, and passed `inout` it has no address: the thread sanitizer of Swift 6.3
/// looks there all the same, and ends the process.
struct SecureRandom: RandomNumberGenerator {
    private var system = SystemRandomNumberGenerator()
    /// Numbers drawn so far; what makes the value more than empty.
    private(set) var drawn: UInt64 = 0

    mutating func next() -> UInt64 {
        drawn &+= 1
        return system.next()
    }
}

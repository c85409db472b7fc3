/// Compares this machine's clock with those of providers.
enum ClockCheck {
    /// Seconds from which certificates and signed requests begin to fail.
    static let tooFar: Int64 = 300
    /// Seconds from which a clock is wrong.
    static let far: Int64 = 30

    /// Judges by the difference that is smallest: one provider's wrong clock is that provider's.
    ///
    /// - Parameter skews: Seconds that others are ahead of this machine.
    static func check(_ skews: [Int64]) -> DoctorCheck {
        guard let skew = skews.min(by: { $0.magnitude < $1.magnitude }) else {
            return DoctorCheck("clock", .ok, "not compared: no provider elsewhere answered")
        }
        guard skew.magnitude > UInt64(far) else { return DoctorCheck("clock", .ok, "agrees with providers") }
        let direction = skew > 0 ? "behind" : "ahead of"
        return DoctorCheck(
            "clock",
            skew.magnitude > UInt64(tooFar) ? .fail : .warn,
            "is \(skew.magnitude) seconds \(direction) the providers'",
            hint: "set the clock, or let NTP do it"
        )
    }
}

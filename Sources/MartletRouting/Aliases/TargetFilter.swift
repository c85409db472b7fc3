import MartletCore

/// Which targets a request lets be asked.
struct TargetFilter {
    /// Only those on this device.
    var onlyLocal = false
    /// Only those beyond it.
    var onlyRemote = false
    /// Only those of this account.
    var account: AccountName?

    /// Whether it lets every target be asked.
    var permitsAll: Bool { !onlyLocal && !onlyRemote && account == nil }

    /// Whether a target may be asked.
    func permits(_ target: Target) -> Bool {
        if onlyLocal, !target.isLocal { return false }
        if onlyRemote, target.isLocal { return false }
        if let account, target.account != account { return false }
        return true
    }
}

/// A target with what is known of it.
struct Candidate {
    let target: Target
    let standing: TargetStanding

    var isUsable: Bool { standing.obstacle == nil }
}

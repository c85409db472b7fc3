/// Looks at the configuration files once a second and says when they have changed and come to rest.
struct ConfigWatcher: Sendable {
    /// Time between two looks; a change counts once two looks in a row see the same.
    static let interval = Duration.seconds(1)

    /// Looks at all files, also at those that did not exist before.
    let look: @Sendable () -> [FileStamp]
    /// What the configuration in force was read from.
    let first: [FileStamp]
    /// Measures the time between looks.
    var clock: any Clock<Duration> = .continuous
    /// Told of every change.
    let onChange: @Sendable () async -> Void

    /// Looks until the task is cancelled.
    func run() async {
        var known = first
        var pending: [FileStamp]?
        while true {
            do { try await clock.sleep(for: Self.interval) } catch { return }
            let now = look()
            if now == known {
                pending = nil
            } else if now == pending {
                known = now
                pending = nil
                await onChange()
            } else {
                pending = now
            }
        }
    }
}

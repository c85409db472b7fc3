import Dispatch
import Foundation
import Synchronization

/// A thread that does the same piece of work again and again: after a pause, or as soon as it is woken.
public final class BackgroundLoop: Sendable {
    private let woken = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    private let signal = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: The thread's name.
    ///   - work: Done on the thread; answers how long to pause before the next time.
    public init(name: String, work: @escaping @Sendable () -> Duration) {
        // Owns nothing but the state, so that the thread does not keep its owner's owner.
        let loop = self
        let thread = Thread {
            while !loop.stopping.load(ordering: .acquiring) {
                let pause = work()
                let nanoseconds = Int(pause / .nanoseconds(1))
                _ = loop.signal.wait(timeout: .now() + .nanoseconds(nanoseconds))
                loop.woken.store(false, ordering: .releasing)
            }
            loop.ended.signal()
        }
        thread.name = name
        thread.start()
    }

    /// Ends the pause; any number of calls within one count once.
    public func wake() {
        if !woken.exchange(true, ordering: .acquiringAndReleasing) { signal.signal() }
    }

    /// Ends the thread after the work at hand.
    public func stop() {
        guard !stopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        wake()
        ended.wait()
    }
}

import MartletCore
import MartletRouting
import Synchronization
import Testing

@Suite("Memories of targets") struct TargetMemoryTests {
    private let policy = CircuitBreakerPolicy()
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func attempt(_ memory: TargetMemory, _ end: AttemptEnd, _ now: Instant) {
        guard case .granted(let permit) = memory.health.withLock({ $0.admit(now, policy) }) else { return }
        memory.ended(permit, end, now, policy, 1 << 63)
    }

    @Test("a credential that one target refused is asked last everywhere, for half a minute or until it is taken")
    func credential() {
        let shared = CredentialMemory()
        let (one, two) = (TargetMemory(credential: shared), TargetMemory(credential: shared))
        let other = TargetMemory()
        attempt(one, .failed(AttemptFailure(.auth, status: 401)), start)
        let standing = two.standing(start, policy)
        #expect(standing.obstacle == .credentialRefused && standing.until == start + .seconds(30))
        #expect(other.standing(start, policy).obstacle == nil)
        #expect(two.standing(start + .seconds(30), policy).obstacle == nil)
        attempt(two, .succeededForCaller(nil), start + .seconds(1))
        #expect(two.standing(start + .seconds(1), policy).obstacle == .credentialRefused)
        attempt(two, .succeeded(nil), start + .seconds(1))
        #expect(two.standing(start + .seconds(1), policy).obstacle == nil)
    }
}

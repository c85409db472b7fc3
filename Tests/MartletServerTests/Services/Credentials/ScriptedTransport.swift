import MartletProviders
import Synchronization

@testable import MartletServer

/// Answers calls for credentials as a test says, and keeps them; an answer can be held until the test lets it go.
final class ScriptedTransport: CredentialTransport {
    typealias Script = @Sendable (CredentialCall, Int) throws(CredentialFailure) -> CredentialReply

    private struct State {
        var calls: [CredentialCall] = []
        var isHeld = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var arrivals: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let script: Script

    init(_ script: @escaping Script) { self.script = script }

    /// Every call so far.
    var calls: [CredentialCall] { state.withLock(\.calls) }

    /// Keeps answers back until ``release()``.
    func hold() { state.withLock { $0.isHeld = true } }

    func release() {
        let waiting = state.withLock { state in
            state.isHeld = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func send(_ call: CredentialCall) async throws(CredentialFailure) -> CredentialReply {
        let number = state.withLock { state in
            state.calls.append(call)
            return state.calls.count
        }
        if state.withLock(\.isHeld) {
            await withCheckedContinuation { continuation in
                let isHeld = state.withLock { state in
                    if state.isHeld { state.waiting.append(continuation) }
                    return state.isHeld
                }
                if !isHeld { continuation.resume() }
            }
        }
        return try script(call, number)
    }
}

extension CredentialFetcher {
    /// A fetcher whose files and answers a test says; without any there is nothing anywhere.
    static func scripted(
        _ transport: ScriptedTransport = ScriptedTransport { _, _ throws(CredentialFailure) in
            throw CredentialFailure("nobody answers")
        },
        files: @escaping @Sendable (String) -> String? = { _ in nil },
        unixSeconds: @escaping @Sendable () -> Int64 = { 1_795_000_000 }
    ) -> CredentialFetcher {
        CredentialFetcher(
            transport: transport,
            readFile: { path in files(path).map { Array($0.utf8) } },
            unixSeconds: unixSeconds
        )
    }
}

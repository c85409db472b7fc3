import MartletExchange
import NIOCore
import NIOPosix

/// Does work on large bodies on threads of its own, so that neither loops nor look-ups wait for it.
final class ComputeService: Sendable {
    private let pool: NIOThreadPool

    /// Starts threads.
    ///
    /// - Parameter threads: How many; more than the machine has processors only take turns.
    init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
    }

    /// Does work; `reply` is called once, from any thread, unless the service was stopped.
    func run(_ work: Computation, reply: @escaping @Sendable (Answer) -> Void) {
        pool.submit { state in
            guard case .active = state else { return }
            reply(.computed(work.run()))
        }
    }

    /// Hashes a large body; `reply` is called once, from any thread, unless the service was stopped.
    func hash(_ pieces: [ByteBuffer], reply: @escaping @Sendable ([UInt8]) -> Void) {
        pool.submit { state in
            guard case .active = state else { return }
            reply(RequestSigner.hash(pieces))
        }
    }

    /// Lets the threads end; work that did not begin is not done.
    func stop() { pool.shutdownGracefully { _ in } }
}

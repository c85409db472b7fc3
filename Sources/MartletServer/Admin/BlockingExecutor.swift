import Dispatch

/// Runs tasks on threads that may block, since SQLite does; neither event loops nor Swift's own threads wait for it.
final class BlockingExecutor: TaskExecutor {
    private let queue: DispatchQueue

    /// Names the queue.
    init(label: String) { queue = DispatchQueue(label: label, qos: .utility, attributes: .concurrent) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

import Foundation
import MartletGovernance
import Synchronization

@testable import MartletStore

/// The disk, with faults that a test can switch on and off.
final class FaultyFiles: SpoolFiles {
    enum Operation: Hashable { case create, write, sync, remove, read }

    private let disk = DiskFiles()
    private let faults = Mutex<[Operation: (code: CInt, times: Int)]>([:])
    /// Bytes of a failing write that reach the file before it fails.
    private let partial = Mutex(0)
    private let synced = Mutex(0)

    /// Lets an operation fail the next `times` times.
    func fail(_ operation: Operation, _ code: CInt = EIO, times: Int = .max, partialBytes: Int = 0) {
        faults.withLock { $0[operation] = (code, times) }
        partial.withLock { $0 = partialBytes }
    }

    func heal() { faults.withLock { $0 = [:] } }

    var syncs: Int { synced.withLock { $0 } }

    private func check(_ operation: Operation) throws(SystemFailure) {
        let code = faults.withLock { faults -> CInt? in
            guard let fault = faults[operation], fault.times > 0 else { return nil }
            faults[operation]?.times -= 1
            return fault.code
        }
        if let code { throw SystemFailure(call: "\(operation)", code: code) }
    }

    func create(_ path: String, bytes: Int) throws(SystemFailure) -> CInt {
        try check(.create)
        return try disk.create(path, bytes: bytes)
    }

    func createEmpty(_ path: String) throws(SystemFailure) -> CInt {
        try check(.create)
        return try disk.createEmpty(path)
    }

    func open(_ path: String) throws(SystemFailure) -> CInt { try disk.open(path) }
    func size(of descriptor: CInt) throws(SystemFailure) -> Int { try disk.size(of: descriptor) }

    func write(_ bytes: Span<UInt8>, to descriptor: CInt, at offset: Int) throws(SystemFailure) {
        do throws(SystemFailure) {
            try check(.write)
        } catch {
            let count = min(partial.withLock { $0 }, bytes.count)
            if count > 0 { try disk.write(bytes.extracting(0..<count), to: descriptor, at: offset) }
            throw error
        }
        try disk.write(bytes, to: descriptor, at: offset)
    }

    func read(_ descriptor: CInt, at offset: Int, count: Int) throws(SystemFailure) -> [UInt8] {
        try check(.read)
        return try disk.read(descriptor, at: offset, count: count)
    }

    func sync(_ descriptor: CInt) throws(SystemFailure) {
        try check(.sync)
        synced.withLock { $0 += 1 }
        try disk.sync(descriptor)
    }

    func syncDirectory(_ path: String) throws(SystemFailure) { try disk.syncDirectory(path) }
    func close(_ descriptor: CInt) { disk.close(descriptor) }

    func remove(_ path: String) throws(SystemFailure) {
        try check(.remove)
        try disk.remove(path)
    }

    func list(_ path: String) throws(SystemFailure) -> [String] { try disk.list(path) }
    func makeDirectory(_ path: String) throws(SystemFailure) { try disk.makeDirectory(path) }
    func lock(_ path: String) throws(SystemFailure) -> CInt { try disk.lock(path) }
}

/// A store that fails while told to, in front of a real one.
final class FaultySink: LedgerSink {
    private let store: UsageStore
    private let failing = Mutex(false)

    init(_ store: UsageStore) { self.store = store }

    func fail(_ value: Bool) { failing.withLock { $0 = value } }

    private func check() throws(StoreError) {
        if failing.withLock({ $0 }) { throw .database("5 database is locked") }
    }

    func positions() throws(StoreError) -> [UInt64: Int] {
        try check()
        return try store.positions()
    }

    func apply(_ batch: DrainBatch) throws(StoreError) {
        try check()
        try store.apply(batch)
    }

    func interruptOpenIntents(recordedAt: UInt64) throws(StoreError) -> Int {
        try check()
        return try store.interruptOpenIntents(recordedAt: recordedAt)
    }
}

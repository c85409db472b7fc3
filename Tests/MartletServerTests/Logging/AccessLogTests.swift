import Foundation
import MartletCore
import MartletGovernance
import MartletRouting
import Synchronization
import Testing

@testable import MartletExchange
@testable import MartletServer

@Suite("Access log")
struct AccessLogTests {
    /// 2026-11-20T10:20:30.045Z.
    private static let time: UInt64 = 1_795_170_030_045

    private func record(key: String = "abcdefghijkl") -> LedgerRecord {
        LedgerRecord(
            id: RecordID(unixMilliseconds: Self.time, random: (1, 2)),
            state: .settled,
            receivedAt: Self.time,
            recordedAt: Self.time,
            key: APIKeyID(key),
            model: "m",
            provider: "openai",
            upstreamModel: "m",
            attempts: 2,
            status: 200,
            streamed: true,
            usage: Usage(inputTokens: 10, outputTokens: 3),
            cost: nil
        )
    }

    private func lines(_ format: AccessLine.Format, _ outcome: Outcome, requestID: String = "req_1") -> String {
        let output = RecordingOutput()
        let log = AccessLog(output, format: format) { Self.time }
        log.write(outcome, requestID: .client(requestID))
        log.waitUntilIdle()
        log.close()
        return output.text
    }

    @Test("writes one line of pairs a request")
    func text() {
        let outcome = sampleOutcome(
            attempts: ["timeout", "ok"],
            usage: Usage(inputTokens: 10, outputTokens: 3),
            cost: NanoUSD(123_000),
            record: record()
        )
        #expect(
            lines(.text, outcome) == """
                time=2026-11-20T10:20:30.045Z request_id=req_1 endpoint=chat_completions status=200 provider=openai \
                model=gpt-5-mini key=abcdefghijkl attempts=2 input_tokens=10 output_tokens=3 cost_usd=0.000123 \
                duration_ms=200.000 ttft_ms=50.000 stream=true

                """
        )
    }

    @Test("writes JSON lines that a JSON reader takes")
    func json() throws {
        let nasty = "a\"b\\c\nd\u{1}\u{2028}\u{85}é"
        let text = lines(.json, sampleOutcome(model: nasty, duration: .microseconds(1_234)), requestID: nasty)
        #expect(text.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["model"] as? String == nasty)
        #expect(object["request_id"] as? String == nasty)
        #expect(object["status"] as? Int == 200)
        #expect(object["duration_ms"] as? Double == 1.234)
        #expect(object["key"] is NSNull)
        #expect(object["input_tokens"] is NSNull)
        #expect(object["stream"] is NSNull)
    }

    @Test(
        "keeps a record on its line, whatever a name holds",
        arguments: ["a\nb", "a b=c", "\u{1B}[31m", "\"", "", "-"]
    )
    func oneLine(name: String) throws {
        let text = lines(.text, sampleOutcome(model: name))
        #expect(text.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        #expect(!text.utf8.contains(0x1B))
        let start = try #require(text.firstRange(of: " model=\""))
        let end = try #require(text.firstRange(of: "\" key="))
        let literal = "\"" + text[start.upperBound..<end.lowerBound] + "\""
        let read = try JSONSerialization.jsonObject(with: Data(literal.utf8), options: .fragmentsAllowed)
        #expect(read as? String == name)
    }

    @Test("takes no line when it is off")
    func off() {
        let log = AccessLog(ObservabilitySettings())
        log.write(sampleOutcome(), requestID: .client("req_1"))
        log.reopen()
        log.waitUntilIdle()
        log.close()
        #expect(log.dropped == 0)
    }

    @Test("drops and counts lines when ten thousand wait, and never blocks the writer")
    func bounded() {
        let output = RecordingOutput(isBlocked: true)
        let log = AccessLog(output, format: .text) { Self.time }
        log.write(sampleOutcome(), requestID: .client("first"))
        output.waitUntilWriting()
        for _ in 0..<(AccessLog.capacity + 5) { log.write(sampleOutcome(), requestID: .client("later")) }
        #expect(log.dropped == 5)
        output.unblock()
        log.waitUntilIdle()
        log.close()
        #expect(output.text.utf8.filter { $0 == UInt8(ascii: "\n") }.count == AccessLog.capacity + 1)
    }

    @Test("counts lines that could not be written")
    func failing() {
        let output = RecordingOutput(fails: true)
        let log = AccessLog(output, format: .text) { Self.time }
        log.write(sampleOutcome(), requestID: .client("req_1"))
        log.waitUntilIdle()
        log.close()
        #expect(log.dropped == 1)
        log.write(sampleOutcome(), requestID: .client("after the end"))
        #expect(log.dropped == 1)
    }

    @Test("appends to a file that only its owner reads, and follows it when it is moved away")
    func file() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("access.log").path
        let moved = folder.appendingPathComponent("access.log.1").path
        var settings = ObservabilitySettings()
        settings.accessLog = .file(path)
        let log = AccessLog(settings)
        log.write(sampleOutcome(), requestID: .client("one"))
        // Reopening twice around the move: the first one makes sure that the line is in the old file.
        log.reopen()
        log.waitUntilIdle()
        try FileManager.default.moveItem(atPath: path, toPath: moved)
        log.reopen()
        // What is noted before the file is open anew may still go to the old one.
        log.waitUntilIdle()
        log.write(sampleOutcome(), requestID: .client("two"))
        // Closing waits for a limited time only.
        log.waitUntilIdle()
        log.close()
        #expect(try String(contentsOfFile: moved, encoding: .utf8).contains("request_id=one "))
        let second = try String(contentsOfFile: path, encoding: .utf8)
        #expect(second.contains("request_id=two ") && !second.contains("request_id=one "))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }
}

/// Keeps what is written; can hold its writer up.
private final class RecordingOutput: LogOutput {
    private let bytes = Mutex<[UInt8]>([])
    private let fails: Bool
    private let isBlocked: Atomic<Bool>
    private let writing = DispatchSemaphore(value: 0)
    private let mayGoOn = DispatchSemaphore(value: 0)

    init(isBlocked: Bool = false, fails: Bool = false) {
        self.isBlocked = Atomic(isBlocked)
        self.fails = fails
    }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func write(_ lines: [UInt8]) -> Bool {
        if isBlocked.load(ordering: .acquiring) {
            writing.signal()
            mayGoOn.wait()
        }
        bytes.withLock { $0 += lines }
        return !fails
    }

    func waitUntilWriting() { writing.wait() }

    func unblock() {
        isBlocked.store(false, ordering: .releasing)
        mayGoOn.signal()
    }

    func reopen() {}
    func close() {}
}

import MartletCore
import MartletGovernance
import MartletRouting
import MartletStore
import MartletWire

/// A request's record as a document for operators; nothing of prompts or answers is in it.
struct RequestDocument {
    private let found: FoundRequest
    private let record: LedgerRecord
    private let trace: RecordedTrace?

    init(_ found: FoundRequest) {
        self.found = found
        record = found.record
        trace = RecordedTrace(
            record.trace,
            model: record.model,
            target: RecordedTrace.TargetName(provider: record.provider, model: record.upstreamModel)
        )
    }

    /// The body of the answer.
    var json: [UInt8] {
        var writer = JSONWriter(reserving: 2_048)
        writer.object { writer in
            writer.member("object", "request")
            writer.member("id", record.id.description)
            if let id = record.clientRequestID { writer.member("client_request_id", id) }
            writer.count("matches", found.matches)
            writer.key("other_ids")
            writer.array { writer in for id in found.others { writer.string(id.description) } }
            writeWhatWasAsked(to: &writer)
            writeHowItEnded(to: &writer)
            writeUsage(to: &writer)
            writeAttempts(to: &writer)
            writeTrace(to: &writer)
        }
        return writer.bytes
    }

    private func writeWhatWasAsked(to writer: inout JSONWriter) {
        writer.member("state", record.state == .intent ? "running" : record.state.name)
        writer.member("received_at", Self.time(record.receivedAt))
        writer.member("recorded_at", Self.time(record.recordedAt))
        writer.member("key", record.key.rawValue)
        if let surface = trace?.surface { writer.member("surface", "\(surface)".lowercased()) }
        if let endpoint = trace?.endpoint, !endpoint.isEmpty { writer.member("endpoint", endpoint) }
        writer.member("model", record.model)
        writer.key("stream")
        writer.bool(record.streamed)
    }

    private func writeHowItEnded(to writer: inout JSONWriter) {
        if !record.upstreamModel.isEmpty {
            writer.member("provider", record.provider)
            writer.member("model_name", record.upstreamModel)
        }
        if let isLocal = trace?.isLocal { writer.member("route", isLocal ? "local" : "cloud") }
        guard record.state != .intent else { return }
        if record.status != 0 { writer.count("status", Int(record.status)) }
        if let code = record.errorCode { writer.member("error_code", code) }
        guard !isLost else { return }
        writer.count("duration_ms", Int(record.durationMilliseconds))
        if record.firstTokenMilliseconds > 0 { writer.count("first_token_ms", Int(record.firstTokenMilliseconds)) }
    }

    /// Whether the process ended before the request did, so that nobody knows when that was.
    private var isLost: Bool { record.state == .interrupted && record.status == 0 }

    private func writeUsage(to writer: inout JSONWriter) {
        let usage = record.usage
        writer.key("usage")
        writer.object { writer in
            let counts: [(StaticString, Int64?)] = [
                ("input_tokens", usage.inputTokens), ("output_tokens", usage.outputTokens),
                ("cache_read_tokens", usage.cacheReadTokens), ("cache_write_tokens", usage.cacheWriteTokens),
                ("cache_write_1h_tokens", usage.cacheWrite1hTokens), ("reasoning_tokens", usage.reasoningTokens),
                ("audio_input_tokens", usage.audioInputTokens == 0 ? nil : usage.audioInputTokens),
                ("audio_output_tokens", usage.audioOutputTokens == 0 ? nil : usage.audioOutputTokens),
                ("image_input_tokens", usage.imageInputTokens == 0 ? nil : usage.imageInputTokens),
                ("image_output_tokens", usage.imageOutputTokens == 0 ? nil : usage.imageOutputTokens),
            ]
            for case (let name, let count?) in counts {
                writer.key(name)
                writer.integer(count)
            }
            writer.key("estimated")
            writer.bool(usage.estimated)
        }
        writer.key("cost_usd")
        if let cost = record.cost { writer.string(cost.usdText) } else { writer.null() }
        if let listed = record.listedCost { writer.member("listed_cost_usd", listed.usdText) }
    }

    /// When the request ended, in milliseconds since it was received; for a lost one when it was last heard of.
    private var end: UInt32 {
        isLost ? trace?.entries.last?.milliseconds ?? 0 : record.durationMilliseconds
    }

    private func writeAttempts(to writer: inout JSONWriter) {
        writer.count("attempt_count", Int(record.attempts))
        writer.key("attempts")
        writer.array { writer in
            for attempt in trace?.attempts(of: record.state, endingAt: end) ?? [] {
                writer.object { writer in
                    writer.count("number", attempt.number)
                    if let target = trace?.target(attempt.target) {
                        writer.member("provider", target.provider)
                        writer.member("model_name", target.model)
                    } else {
                        writer.count("target", attempt.target)
                    }
                    let times: [(StaticString, UInt32?)] = [
                        ("began_ms", attempt.began), ("sent_ms", attempt.sent), ("answered_ms", attempt.answered),
                        ("ended_ms", attempt.ended),
                    ]
                    for case (let name, let time?) in times { writer.count(name, Int(time)) }
                    writer.member("outcome", attempt.outcome)
                    if let status = attempt.status { writer.count("status", status) }
                }
            }
        }
    }

    private func writeTrace(to writer: inout JSONWriter) {
        writer.key("trace")
        writer.array { writer in
            if let trace {
                for entry in trace.entries { Self.write(entry, of: trace, to: &writer) }
            } else {
                // What the first releases kept of failures: texts without times.
                let text = String(decoding: record.trace, as: UTF8.self)
                for part in text.split(separator: ";") where part.utf8.first ?? 0 >= 0x20 {
                    writer.object { writer in
                        writer.member("code", String(part.prefix { $0 != " " }))
                        writer.member("text", String(part))
                    }
                }
            }
            guard record.state != .intent else { return }
            writer.object { writer in
                if !isLost { writer.count("at_ms", Int(end)) }
                writer.member("code", "ended")
                writer.member("text", ending)
            }
        }
        writer.key("trace_cut")
        writer.bool(trace?.isCut ?? false)
    }

    private static func write(_ entry: RecordedTrace.Entry, of trace: RecordedTrace, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.count("at_ms", Int(entry.milliseconds))
            writer.member("code", entry.name)
            writer.member("text", trace.sentence(of: entry))
            let members = trace.members(of: entry)
            guard !members.isEmpty else { return }
            writer.key("values")
            writer.object { writer in
                for member in members {
                    writer.key(Array(member.name.utf8))
                    switch member.value {
                    case .integer(let value): writer.integer(value)
                    case .text(let text): writer.string(text)
                    }
                }
            }
        }
    }

    /// How it ended, as a sentence.
    private var ending: String {
        let status = record.status == 0 ? "" : ", status \(record.status)"
        let code = record.errorCode.map { ", \($0)" } ?? ""
        switch record.state {
        case .settled: return "answered in full" + status
        case .cancelled: return "the caller left first"
        case .interrupted where isLost: return "the gateway itself ended before the answer did"
        case .interrupted: return "ended before the answer was complete" + status + code
        case .failed, .intent: return "no answer" + status + code
        }
    }

    /// `2026-11-20T10:00:00.123Z`.
    private static func time(_ milliseconds: UInt64) -> String {
        let seconds = Timestamp(unixSeconds: Int64(clamping: milliseconds / 1_000)).description.dropLast()
        let rest = String(milliseconds % 1_000)
        return "\(seconds).\(String(repeating: "0", count: 3 - rest.utf8.count))\(rest)Z"
    }
}

extension JSONWriter {
    fileprivate mutating func count(_ name: StaticString, _ value: Int) {
        key(name)
        integer(value)
    }
}

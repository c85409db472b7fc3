import MartletCore
import MartletWire

/// Reads from the chunks of one stream what a server's quirks put into another place.
struct ChatQuirkReader: Sendable {
    private var tags: ThinkTagStream?
    private let cost: ChatQuirks.CostReport?

    /// `nil` for a server whose answers are OpenAI's.
    init?(_ quirks: ChatQuirks) {
        guard quirks.thinksInTags || quirks.cost != nil else { return nil }
        tags = quirks.thinksInTags ? ThinkTagStream() : nil
        cost = quirks.cost
    }

    mutating func rewrite(_ chunk: inout ChatChunk) {
        tags?.rewrite(&chunk)
        if let cost { chunk.usage?.readCost(cost) }
    }
}

extension ChatResponse {
    /// Reads what a server's quirks put into another place.
    mutating func read(_ quirks: ChatQuirks) {
        if quirks.thinksInTags {
            for index in choices.indices { choices[index].message.takeThinkTags() }
        }
        if let cost = quirks.cost { usage?.readCost(cost) }
    }
}

extension ChatUsage {
    /// Reads the cost from the member that tells it.
    mutating func readCost(_ report: ChatQuirks.CostReport) {
        guard let text = extra.value(report.member), let document = try? JSONDocument(text.bytes) else { return }
        counts.reportedCost = document.withView { NanoUSD(reported: $0, unitsPerUSD: report.unitsPerUSD) }
    }
}

extension Usage {
    /// Reads the cost from a `usage` object.
    mutating func readCost(_ report: ChatQuirks.CostReport, from usage: JSONView?) {
        guard let value = usage?.member(Array(report.member.utf8)) else { return }
        reportedCost = NanoUSD(reported: value, unitsPerUSD: report.unitsPerUSD)
    }
}

extension NanoUSD {
    /// An amount that a provider told, rounded half away from zero; `nil` for one that is no number, negative, or over
    /// a million dollars.
    init?(reported value: JSONView, unitsPerUSD: Int64) {
        guard unitsPerUSD > 0, let units = value.double(), units.isFinite, units >= 0 else { return nil }
        let nano = (units / Double(unitsPerUSD) * 1e9).rounded()
        guard nano <= 1e15, let exact = Int64(exactly: nano) else { return nil }
        self.init(exact)
    }
}

import MartletCore
import MartletWire

/// The sources that a candidate names for stretches of its text.
///
/// `groundingMetadata` tells them of a search: stretches of a part, each with numbers into the list of pages;
/// `citationMetadata` of what the model repeats word by word. Places are offsets in bytes of UTF-8, the end not included.
/// Source: Gemini API reference, "GroundingMetadata", "Segment" and "CitationMetadata"; Vertex AI has the same, read
/// 2026-11.
struct GeminiSources: Hashable {
    /// Where a page is used.
    private struct Use: Hashable {
        var url: String
        var title: String
        var part: Int
        var start: Int
        var end: Int
        /// The stretch itself, where it is told.
        var text: [UInt8]?
    }

    private var uses: [Use] = []
    /// The most that are read; an answer that names more is none of a model's.
    private static let most = 1_024

    /// Reads both members of a candidate.
    init(grounding: JSONView?, citations: JSONView?) {
        if let grounding { read(grounding: grounding) }
        for citation in citations?.member("citations")?.elements.prefix(Self.most).map({ $0 }) ?? [] {
            add(citation.member("uri")?.string(), citation.member("title")?.string(), citation)
        }
    }

    /// Whether there are none.
    var isEmpty: Bool { uses.isEmpty }

    private mutating func read(grounding: JSONView) {
        var pages: [(url: String?, title: String?)] = []
        for chunk in grounding.member("groundingChunks")?.elements.prefix(Self.most).map({ $0 }) ?? [] {
            // Pages of the web; files of one's own and places on maps have the same two members.
            let page = chunk.member("web") ?? chunk.member("maps") ?? chunk.member("retrievedContext")
            pages.append((page?.member("uri")?.string(), page?.member("title")?.string()))
        }
        for support in grounding.member("groundingSupports")?.elements.prefix(Self.most).map({ $0 }) ?? [] {
            guard let segment = support.member("segment") else { continue }
            for index in support.member("groundingChunkIndices")?.elements.prefix(64).map({ $0 }) ?? [] {
                guard let index = index.int64().flatMap({ Int(exactly: $0) }), pages.indices.contains(index) else {
                    continue
                }
                add(pages[index].url, pages[index].title, segment)
            }
        }
    }

    private mutating func add(_ url: String?, _ title: String?, _ segment: JSONView) {
        func place(_ name: StaticString) -> Int? {
            guard let value = segment.member(name) else { return 0 }
            return value.int64().flatMap { Int(exactly: $0) }.flatMap { $0 >= 0 ? $0 : nil }
        }
        guard uses.count < Self.most, let url, url.hasPrefix("https://") || url.hasPrefix("http://"),
            let part = place("partIndex"), let start = place("startIndex"), let end = place("endIndex"), start < end
        else { return }
        let text = segment.member("text")?.string().flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        uses.append(Use(url: url, title: title ?? "", part: part, start: start, end: end, text: text))
    }

    /// The citations of each text.
    ///
    /// - Parameter texts: The texts by the number of their part; `nil` for parts that are none.
    func citations(in texts: [[UInt8]?]) -> [Int: [URLCitation]] {
        var placed: [Int: [Use]] = [:]
        for use in uses {
            // Thoughts before the text are not always counted.
            let place = ([use.part] + texts.indices).first { place in
                guard texts.indices.contains(place), let text = texts[place], use.end <= text.count else {
                    return false
                }
                return use.text.map { text[use.start..<use.end].elementsEqual($0) } ?? true
            }
            if let place { placed[place, default: []].append(use) }
        }
        var found: [Int: [URLCitation]] = [:]
        for (place, uses) in placed {
            guard let text = texts[place] else { continue }
            let characters = Self.characters(in: text, before: Set(uses.flatMap { [$0.start, $0.end] }))
            var seen: Set<URLCitation> = []
            for use in uses {
                guard let start = characters[use.start], let end = characters[use.end], start <= end else { continue }
                let citation = URLCitation(url: use.url, title: use.title, range: start..<end)
                if seen.insert(citation).inserted { found[place, default: []].append(citation) }
            }
        }
        return found
    }

    /// How many characters of a text begin before each of some offsets in bytes.
    private static func characters(in text: [UInt8], before offsets: Set<Int>) -> [Int: Int] {
        var counts: [Int: Int] = [:]
        var (position, count) = (0, 0)
        for offset in offsets.sorted() {
            while position < min(offset, text.count) {
                if text[position] & 0xC0 != 0x80 { count += 1 }
                position += 1
            }
            counts[offset] = count
        }
        return counts
    }
}

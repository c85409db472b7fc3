import MartletCore
import MartletWire

/// A block or a tool as it is written, with the mark that says how far the prompt is cached.
///
/// Apart until the end, because the number of marks is limited.
struct AnthropicBlock {
    /// A JSON object with at least one member, without the mark.
    var json: [UInt8]
    /// The mark, if the caller set one.
    var cache: AnthropicCacheMark?
    /// Whether the block is thinking, which takes no mark.
    var isThinking = false

    /// Writes an object.
    init(_ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(reserving: 96)
        writer.object { body(&$0) }
        json = writer.bytes
    }

    /// A text.
    init(text: String) {
        self.init { writer in
            writer.member("type", "text")
            writer.member("text", text)
        }
    }

    func write(to writer: inout JSONWriter) {
        guard let cache else { return writer.raw(json) }
        var bytes = json
        bytes.removeLast()
        bytes.append(contentsOf: #","cache_control":{"type":"ephemeral""#.utf8)
        if cache.isLong { bytes.append(contentsOf: #","ttl":"1h""#.utf8) }
        bytes.append(contentsOf: "}}".utf8)
        writer.raw(bytes)
    }
}

/// Asks that the prompt up to here is cached.
///
/// - SeeAlso: Anthropic API reference, "Prompt caching".
struct AnthropicCacheMark {
    /// Whether the prompt is kept for an hour instead of five minutes.
    var isLong: Bool
    /// Where the caller set it.
    var path: String

    /// The most marks of a request.
    static let most = 4

    /// Keeps the marks within what the API takes: four at most, and none of an hour behind one of five minutes.
    ///
    /// Tools and system texts are the stable part of a prompt, so their marks stay; of the messages' marks the last ones.
    static func settle(
        _ prefix: inout [[AnthropicBlock]],
        _ messages: inout [[AnthropicBlock]],
        limit: Int,
        _ dropped: inout DroppedPaths
    ) {
        var left = limit
        var isShort = false
        settle(&prefix, skip: 0, &left, &isShort, &dropped)
        let count = messages.reduce(0) { $0 + $1.count { $0.cache != nil } }
        settle(&messages, skip: max(0, count - left), &left, &isShort, &dropped)
    }

    private static func settle(
        _ lists: inout [[AnthropicBlock]],
        skip: Int,
        _ left: inout Int,
        _ isShort: inout Bool,
        _ dropped: inout DroppedPaths
    ) {
        var skip = skip
        for list in lists.indices {
            for index in lists[list].indices {
                guard var mark = lists[list][index].cache else { continue }
                if skip > 0 || left == 0 {
                    skip -= 1
                    dropped.add(mark.path)
                    lists[list][index].cache = nil
                    continue
                }
                left -= 1
                if mark.isLong, isShort {
                    mark.isLong = false
                    dropped.add("ttl", in: mark.path)
                    lists[list][index].cache = mark
                }
                isShort = isShort || !mark.isLong
            }
        }
    }
}

extension AnthropicRequestEncoder {
    /// Writes a block.
    ///
    /// Unknown members pass in a request of this dialect; in others the cache mark is taken from them, and the rest is
    /// named.
    mutating func block(
        _ type: StaticString,
        _ extra: [ExtraMember],
        at path: @autoclosure () -> String,
        _ body: (inout JSONWriter) -> Void
    ) -> AnthropicBlock {
        let isNative = isNative
        var block = AnthropicBlock { writer in
            writer.key("type")
            writer.string(type)
            body(&writer)
            if isNative { writer.members(extra) }
        }
        if !isNative, !extra.isEmpty { block.cache = takeMark(extra, in: path()) }
        return block
    }

    /// Takes the cache mark out of the members of the object at a path and names the rest.
    mutating func takeMark(_ extra: [ExtraMember], in path: String) -> AnthropicCacheMark? {
        var mark: AnthropicCacheMark?
        for member in extra where !member.isNull {
            if mark == nil, let found = cacheMark(member, in: path) {
                mark = found
            } else {
                dropped.add(member.name, in: path)
            }
        }
        return mark
    }

    /// Reads a mark in Anthropic's words (which many OpenAI clients use) or in OpenAI's.
    private mutating func cacheMark(_ member: ExtraMember, in path: String) -> AnthropicCacheMark? {
        let isOpenAI = member.name == "prompt_cache_breakpoint"
        guard isOpenAI || member.name == "cache_control", let document = try? JSONDocument(member.value.bytes) else {
            return nil
        }
        let path = DroppedPaths.path(path, member.name)
        return document.withView { view in
            if isOpenAI {
                guard view.kind == .object || view.kind == .true else { return nil }
                return AnthropicCacheMark(isLong: view.member("ttl")?.equalsString("30m") ?? false, path: path)
            }
            guard view.member("type")?.equalsString("ephemeral") ?? false else { return nil }
            var mark = AnthropicCacheMark(isLong: false, path: path)
            for member in view.members where !member.value.isNull && !member.key.equalsString("type") {
                if member.key.equalsString("ttl"), member.value.equalsString("1h") {
                    mark.isLong = true
                } else if !member.key.equalsString("ttl") || !member.value.equalsString("5m") {
                    dropped.add(member.key.string() ?? "", in: path)
                }
            }
            return mark
        }
    }
}

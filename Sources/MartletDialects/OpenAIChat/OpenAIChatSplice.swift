public import MartletCore
public import MartletWire

/// Makes the edits that turn a caller's body into the body of one upstream request; every other byte stays.
public enum OpenAIChatSplice {
    /// Makes the edits.
    ///
    /// Replaces `model`; removes the members that speak to the gateway (see ``RequestFacts/gatewayMembers``; `metadata`
    /// is OpenAI's own and stays) and those the upstream does not take; asks for usage when the answer is streamed and
    /// the upstream can report it.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner that accepted it.
    ///   - facts: What ``OpenAIChatFacts`` read from it.
    ///   - upstreamModel: The provider's own name of the model.
    ///   - acceptsStreamUsage: Whether the upstream takes `stream_options.include_usage`.
    ///   - dropParams: Top-level members the upstream does not take.
    /// - Returns: The edits, for ``JSONSplice/pieces(originalLength:)``.
    public static func edits(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        facts: RequestFacts,
        upstreamModel: String,
        acceptsStreamUsage: Bool,
        dropParams: [String] = []
    ) -> JSONSplice {
        var splice = JSONSplice()
        guard let root = scanner.rootRange, scanner.rootKind == .object, let cursor = unsafe JSONCursor(body) else {
            return splice
        }
        let layout = Layout(root: root, members: scanner.members)
        replaceModel(&splice, upstreamModel, layout, facts)
        let drops = dropParams.map { Array($0.utf8) }
        var streamOptions: JSONMember?
        // What the upstream does not take is not added either.
        var dropsStreamOptions = dropParams.contains("stream_options")
        for (index, member) in scanner.members.enumerated() {
            let key = JSONCursor.Text(member)
            if cursor.key(key, is: "stream_options") { streamOptions = member }
            let isDropped = !drops.isEmpty && drops.contains { cursor.key(key, is: $0) }
            guard isDropped || isGatewayMember(cursor, key, facts.gatewayMembers), !cursor.key(key, is: "model") else {
                continue
            }
            if cursor.key(key, is: "stream_options") { dropsStreamOptions = true }
            splice.removeMember(index, of: layout.object)
        }
        if facts.stream, acceptsStreamUsage, !facts.includeUsage, !dropsStreamOptions {
            unsafe askForUsage(&splice, body, layout, streamOptions, facts)
        }
        return splice
    }

    /// The top-level object; its members are laid out only for edits that need them.
    private struct Layout {
        let root: Range<Int>
        let members: [JSONMember]

        var object: JSONObjectLayout {
            JSONObjectLayout(range: root, members: members.map { $0.key.lowerBound - 1..<$0.value.upperBound })
        }
    }

    private static func replaceModel(
        _ splice: inout JSONSplice,
        _ upstreamModel: String,
        _ layout: Layout,
        _ facts: RequestFacts
    ) {
        // The same name, written without escapes, stays as it is.
        if let value = facts.modelValue, facts.model == ModelName(upstreamModel),
            value.count == upstreamModel.utf8.count + 2
        {
            return
        }
        var name = JSONWriter(reserving: upstreamModel.utf8.count + 2)
        name.string(upstreamModel)
        if let value = facts.modelValue {
            splice.replace(value, with: name.bytes)
        } else {
            splice.insertMember(Array("model".utf8), value: name.bytes, into: layout.object, at: .start)
        }
    }

    /// Whether a member speaks to the gateway.
    @inline(__always)
    static func isGatewayMember(
        _ cursor: JSONCursor,
        _ key: JSONCursor.Text,
        _ ours: RequestFacts.GatewayMembers
    ) -> Bool {
        !ours.isEmpty
            && (ours.contains(.route) && cursor.key(key, is: "route")
                || ours.contains(.fallbacks) && cursor.key(key, is: "fallbacks")
                || ours.contains(.provider) && cursor.key(key, is: "provider")
                || ours.contains(.smartRouting) && cursor.key(key, is: "smart_routing")
                || ours.contains(.credentials) && cursor.key(key, is: "tensorzero::credentials"))
    }

    private static func askForUsage(
        _ splice: inout JSONSplice,
        _ body: UnsafeRawBufferPointer,
        _ layout: Layout,
        _ streamOptions: JSONMember?,
        _ facts: RequestFacts
    ) {
        let options = Array(#"{"include_usage":true}"#.utf8)
        if let value = facts.includeUsageValue {
            splice.replace(value, with: Array("true".utf8))
        } else if let range = facts.streamOptions {
            guard let view = unsafe JSONView(validated: body, range: range), let object = view.objectLayout else {
                return
            }
            splice.insertMember(Array("include_usage".utf8), value: Array("true".utf8), into: object)
        } else if let null = streamOptions {
            splice.replace(null.value, with: options)
        } else {
            splice.insertMember(Array("stream_options".utf8), value: options, into: layout.object)
        }
    }
}

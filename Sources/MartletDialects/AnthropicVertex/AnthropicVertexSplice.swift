public import MartletCore
public import MartletWire

/// Makes the edits that turn the body of a caller of Anthropic's messages into one for Vertex AI; every other byte stays.
public enum AnthropicVertexSplice {
    /// Makes the edits.
    ///
    /// Removes `model`, the members that speak to the gateway, and those the upstream does not take; adds the version.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner that accepted it.
    ///   - facts: What ``AnthropicMessagesFacts`` read from it.
    ///   - dropParams: Top-level members the upstream does not take.
    /// - Returns: The edits, for ``JSONSplice/pieces(originalLength:)``.
    public static func edits(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        facts: RequestFacts,
        dropParams: [String] = []
    ) -> JSONSplice {
        var splice = JSONSplice()
        guard let root = scanner.rootRange, scanner.rootKind == .object, let cursor = unsafe JSONCursor(body) else {
            return splice
        }
        let layout = JSONObjectLayout(
            range: root,
            members: scanner.members.map { $0.key.lowerBound - 1..<$0.value.upperBound }
        )
        let drops = dropParams.map { Array($0.utf8) }
        for (index, member) in scanner.members.enumerated() {
            let key = JSONCursor.Text(member)
            let isDropped =
                cursor.key(key, is: "model") || cursor.key(key, is: "anthropic_version")
                || OpenAIChatSplice.isGatewayMember(cursor, key, facts.gatewayMembers)
                || drops.contains { cursor.key(key, is: $0) }
            if isDropped { splice.removeMember(index, of: layout) }
        }
        splice.insertMember(
            Array("anthropic_version".utf8),
            value: Array("\"\(AnthropicVertexCodec.version)\"".utf8),
            into: layout,
            at: .start
        )
        return splice
    }
}

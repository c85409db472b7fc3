public import MartletCore
public import MartletWire

/// What a server's quirks change in bodies of chat completions.
public enum OpenAIChatQuirkEdits {
    /// Adds the edits of a caller's body that passes.
    ///
    /// - Parameters:
    ///   - quirks: The server's quirks.
    ///   - splice: The edits there are already; more are added.
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner that accepted it.
    ///   - facts: What ``OpenAIChatFacts`` read from it.
    /// - Returns: What is left out, as JSON paths of the body.
    public static func add(
        _ quirks: ChatQuirks,
        to splice: inout JSONSplice,
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        facts: RequestFacts
    ) -> [String] {
        guard let root = unsafe JSONView(validated: body, range: scanner.rootRange) else { return [] }
        var editor = QuirkEditor(quirks, splice: splice, ours: facts.gatewayMembers)
        editor.edit(root)
        splice = editor.splice
        return editor.dropped.paths
    }

    /// Changes a body that was written here.
    ///
    /// - Returns: The body, and what was left out, as JSON paths of it.
    static func changed(_ body: [UInt8], _ quirks: ChatQuirks) -> (body: [UInt8], dropped: [String]) {
        guard let document = try? JSONDocument(body) else { return (body, []) }
        var editor = QuirkEditor(quirks)
        document.withView { editor.edit($0) }
        if editor.splice.isEmpty { return (body, []) }
        return (editor.splice.render(body), editor.dropped.paths)
    }
}

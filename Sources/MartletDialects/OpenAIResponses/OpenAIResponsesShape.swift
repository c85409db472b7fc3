public import MartletWire

/// Tells requests in the shape of OpenAI's responses from chat completions where either may arrive.
public enum OpenAIResponsesShape {
    /// The most tools that are looked at: one that decides is the first or follows tools that run at the vendor.
    private static let mostTools = 16

    /// Whether a body is one of responses: it has `input` and no messages, or tools whose members are not nested.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner that accepted it.
    /// - Complexity: O(members); of the tools only the first that decides is walked over.
    public static func isResponses(_ body: UnsafeRawBufferPointer, scanner: borrowing JSONScanner) -> Bool {
        guard scanner.rootKind == .object, var cursor = unsafe JSONCursor(body) else { return false }
        var hasInput = false
        var hasMessages = false
        var tools: JSONMember?
        for member in scanner.members where member.keyHasEscapes || member.key.count == 5 || member.key.count == 8 {
            let key = JSONCursor.Text(member)
            if member.kind == .array, member.count > 0, cursor.key(key, is: "messages") {
                hasMessages = true
            } else if member.kind == .array, cursor.key(key, is: "tools") {
                tools = member
            } else if member.kind == .array || member.kind == .string, cursor.key(key, is: "input") {
                hasInput = true
            }
        }
        if hasInput, !hasMessages { return true }
        guard hasMessages, let tools, tools.count > 0 else { return false }
        cursor.index = tools.value.lowerBound
        guard cursor.enter(UInt8(ascii: "[")) else { return false }
        var count = 0
        while count < mostTools, cursor.nextElement() {
            count += 1
            guard cursor.enter(UInt8(ascii: "{")) else { return false }
            if let answer = isFlat(&cursor) { return answer }
        }
        return false
    }

    /// Whether the tool the cursor is in has its name beside its type; `nil` when it does not tell.
    private static func isFlat(_ cursor: inout JSONCursor) -> Bool? {
        var isNamed = false
        var isKnown = false
        while let key = cursor.nextKey() {
            let isText = cursor.current == UInt8(ascii: "\"")
            let isObject = cursor.current == UInt8(ascii: "{")
            // A chat completion's tool: nothing more must be looked at.
            if isObject, cursor.key(key, is: "function") || cursor.key(key, is: "custom") { return false }
            let start = cursor.index
            cursor.skipValue()
            guard isText else { continue }
            if cursor.key(key, is: "name") { isNamed = true }
            if cursor.key(key, is: "type") {
                let length = cursor.index - start - 2
                isKnown =
                    cursor.equals(start + 1, length, "function") || cursor.equals(start + 1, length, "custom")
                    || cursor.equals(start + 1, length, "namespace")
            }
        }
        return isNamed && isKnown ? true : nil
    }
}

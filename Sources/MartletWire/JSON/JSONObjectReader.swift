/// Reads the members of an object by name and keeps track of those that nobody asked for.
///
/// A codec takes what it knows; ``rest`` is what it must pass on. Like the view it is made from, a reader must not leave
/// the scope that lends the document's bytes.
public struct JSONObjectReader {
    /// The object.
    public let view: JSONView
    private var members: [JSONView.Member] = []
    private var isTaken: [Bool] = []
    /// Where the next search starts: codecs mostly ask in the order in which clients write.
    private var next = 0

    /// Reads an object.
    ///
    /// - Parameter view: The object.
    /// - Throws: ``JSONFieldError`` when it is none.
    public init(_ view: JSONView) throws(JSONFieldError) {
        guard view.kind == .object else { throw view.error(expected: "an object") }
        self.view = view
        members.append(contentsOf: view.members)
        isTaken = [Bool](repeating: false, count: members.count)
    }

    /// The members that were not taken, in order.
    public var rest: [JSONView.Member] {
        members.indices.filter { !isTaken[$0] }.map { members[$0] }
    }

    /// Tells whether every member was taken.
    public var isExhausted: Bool { !isTaken.contains(false) }

    /// Writes the members that were not taken, as they stand in the document.
    ///
    /// - Parameter writer: A writer inside an object.
    public func writeRest(to writer: inout JSONWriter) {
        for index in members.indices where !isTaken[index] {
            writer.key(members[index].key)
            writer.raw(members[index].value)
        }
    }

    /// Looks at a member without taking it.
    ///
    /// - Parameter name: The name, compared byte by byte.
    /// - Returns: The value; `nil` when there is no such member.
    public func peek(_ name: StaticString) -> JSONView? { find(name).map { members[$0].value } }

    /// Takes a member.
    ///
    /// - Parameter name: The name, compared byte by byte.
    /// - Returns: The value, also when it is `null` or was taken before; `nil` when there is no such member.
    public mutating func take(_ name: StaticString) -> JSONView? {
        guard let index = find(name) else { return nil }
        isTaken[index] = true
        next = index + 1
        return members[index].value
    }

    /// Makes the error for a member of this object, there or not.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - expected: What should be there, like `a string`.
    public func error(_ name: StaticString, expected: String) -> JSONFieldError {
        JSONFieldError(path: view.path(appending: name), expected: expected)
    }

    private func find(_ name: StaticString) -> Int? {
        for index in next..<members.count where members[index].key.equalsString(name) { return index }
        for index in 0..<next where members[index].key.equalsString(name) { return index }
        return nil
    }
}

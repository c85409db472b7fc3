/// Collects edits of a document and applies them, leaving every other byte as it was.
///
/// Edits are given as places in the original, in any order. What lies inside a value that is replaced, or a member that
/// is removed, goes with it. Whether a key is in its object already is the caller's business.
public struct JSONSplice: Sendable {
    /// A stretch of the edited document.
    public enum Piece: Sendable, Hashable {
        /// Bytes of the original.
        case original(Range<Int>)
        /// New bytes.
        case bytes([UInt8])
    }

    /// An end of an object.
    public enum End: Sendable {
        /// Before the first member.
        case start
        /// After the last member.
        case end
    }

    private var replacements: [JSONEdit] = []
    private var objects: [JSONObjectEdit] = []

    /// Creates an empty collection of edits.
    public init() {}

    /// Tells whether there is nothing to change.
    public var isEmpty: Bool { replacements.isEmpty && objects.isEmpty }

    /// Replaces a value.
    ///
    /// - Parameters:
    ///   - value: Where the value is. Of several replacements of one value the last counts.
    ///   - bytes: One valid JSON value.
    public mutating func replace(_ value: Range<Int>, with bytes: [UInt8]) {
        replacements.append(JSONEdit(range: value, bytes: bytes))
    }

    /// Removes a member together with the comma that parts it from the others.
    ///
    /// - Parameters:
    ///   - index: The position of the member in `object.members`; nothing happens when there is none.
    ///   - object: The object.
    public mutating func removeMember(_ index: Int, of object: JSONObjectLayout) {
        guard object.members.indices.contains(index) else { return }
        let position = position(of: object)
        objects[position].removed.insert(index)
    }

    /// Inserts a member.
    ///
    /// Several members inserted at one end stay in the order of the calls.
    ///
    /// - Parameters:
    ///   - name: The key, unescaped, in UTF-8.
    ///   - value: One valid JSON value.
    ///   - object: The object.
    ///   - end: Where to insert.
    public mutating func insertMember(
        _ name: [UInt8],
        value: [UInt8],
        into object: JSONObjectLayout,
        at end: End = .end
    ) {
        let position = position(of: object)
        var member = end == .start ? objects[position].first : objects[position].last
        if !member.isEmpty { member.append(ASCII.comma) }
        member.append(ASCII.quote)
        JSONString.escape(name, into: &member)
        member.append(ASCII.quote)
        member.append(ASCII.colon)
        member.append(contentsOf: value)
        if end == .start { objects[position].first = member } else { objects[position].last = member }
    }

    /// Replaces the value of a member, or inserts the member at the end when there is none.
    ///
    /// - Parameters:
    ///   - name: The key, unescaped, in UTF-8.
    ///   - value: One valid JSON value.
    ///   - object: A view on the object; nothing happens when it is of another kind.
    public mutating func setMember(_ name: [UInt8], value: [UInt8], of object: JSONView) {
        if let old = object.member(name) {
            replace(old.range, with: value)
        } else if let layout = object.objectLayout {
            insertMember(name, value: value, into: layout)
        }
    }

    /// Removes a member when there is one.
    ///
    /// - Parameters:
    ///   - name: The key, unescaped, in UTF-8.
    ///   - object: A view on the object.
    /// - Returns: Whether there was such a member.
    @discardableResult
    public mutating func removeMember(_ name: StaticString, of object: JSONView) -> Bool {
        guard let layout = object.objectLayout else { return false }
        for (index, member) in object.members.enumerated() where member.key.equalsString(name) {
            removeMember(index, of: layout)
            return true
        }
        return false
    }

    /// The edited document as pieces, in order, none of them empty.
    ///
    /// - Parameter length: The length of the original in bytes; edits outside of it are left out.
    public func pieces(originalLength length: Int) -> [Piece] {
        var pieces: [Piece] = []
        pieces.reserveCapacity(4)
        var position = 0
        for edit in edits() where edit.range.lowerBound >= position && edit.range.upperBound <= length {
            if edit.range.lowerBound > position { pieces.append(.original(position..<edit.range.lowerBound)) }
            if !edit.bytes.isEmpty { pieces.append(.bytes(edit.bytes)) }
            position = edit.range.upperBound
        }
        if position < length { pieces.append(.original(position..<length)) }
        return pieces
    }

    /// The total length of pieces in bytes.
    ///
    /// - Parameter pieces: The pieces.
    public static func length(of pieces: [Piece]) -> Int {
        pieces.reduce(0) { total, piece in
            switch piece {
            case .original(let range): total + range.count
            case .bytes(let bytes): total + bytes.count
            }
        }
    }

    /// The edited document.
    ///
    /// - Parameter original: The document that the edits are for.
    public func render(_ original: [UInt8]) -> [UInt8] {
        let pieces = pieces(originalLength: original.count)
        var result: [UInt8] = []
        result.reserveCapacity(Self.length(of: pieces))
        for piece in pieces {
            switch piece {
            case .original(let range): result.append(contentsOf: original[range])
            case .bytes(let bytes): result.append(contentsOf: bytes)
            }
        }
        return result
    }

    private mutating func position(of object: JSONObjectLayout) -> Int {
        if let known = objects.firstIndex(where: { $0.layout.range == object.range }) { return known }
        objects.append(JSONObjectEdit(layout: object))
        return objects.count - 1
    }

    /// All edits in the order of the document; an edit that contains others comes before them.
    private func edits() -> [JSONEdit] {
        if objects.isEmpty, replacements.count <= 1 { return replacements }
        var edits: [JSONEdit] = []
        // Of equal ranges the one given last comes first, and hides the others.
        for replacement in replacements.reversed() { edits.append(replacement) }
        for object in objects { edits.append(contentsOf: object.edits) }
        let order = edits.indices.sorted { left, right in
            let (first, second) = (edits[left].range, edits[right].range)
            if first.lowerBound != second.lowerBound { return first.lowerBound < second.lowerBound }
            if first.upperBound != second.upperBound {
                // An insertion stands before what begins at the same place; of two real ranges the outer one wins.
                return first.isEmpty || (!second.isEmpty && first.upperBound > second.upperBound)
            }
            return left < right
        }
        return order.map { edits[$0] }
    }
}

/// Where the keys of a TOML document stand, and in which order.
///
/// The TOML library reports positions for syntax errors only and does not keep the order of keys. This tree comes from
/// a small scanner that follows headers, keys, arrays and inline tables and skips over values. It never judges the
/// document: on text that is not TOML it finds what it can, and the library's own error is shown.
final class TOMLPositions {
    /// A line and a column, both from 1; columns count characters (Unicode scalars).
    struct Position: Hashable, Comparable {
        var line: Int
        var column: Int

        static func < (left: Self, right: Self) -> Bool { (left.line, left.column) < (right.line, right.column) }
    }

    /// Where the key, the header part or the array element begins that made this node first.
    let position: Position
    /// Keys of a table in file order.
    private(set) var keys: [[UInt8]] = []
    private var children: [[UInt8]: TOMLPositions] = [:]
    /// Elements of an array or an array of tables.
    private(set) var elements: [TOMLPositions] = []

    init(position: Position) { self.position = position }

    /// Finds a key of this table.
    func child(_ key: [UInt8]) -> TOMLPositions? { children[key] }

    /// Finds the place of a key among its siblings.
    func order() -> [[UInt8]: Int] {
        var order: [[UInt8]: Int] = [:]
        for (index, key) in keys.enumerated() { order[key] = index }
        return order
    }

    /// Finds a key or adds it with the position of its first mention.
    func childOrNew(_ key: [UInt8], at position: Position) -> TOMLPositions {
        if let known = children[key] { return known }
        let node = TOMLPositions(position: position)
        children[key] = node
        keys.append(key)
        return node
    }

    /// Adds an element.
    func append(at position: Position) -> TOMLPositions {
        let node = TOMLPositions(position: position)
        elements.append(node)
        return node
    }
}

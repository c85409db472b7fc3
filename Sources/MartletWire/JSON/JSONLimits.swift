/// Bounds what one JSON document may cost.
public struct JSONLimits: Sendable, Hashable {
    /// The deepest nesting of objects and arrays; `[]` has depth 1.
    public var maxDepth: Int
    /// The number of object keys in the whole document.
    public var maxKeys: Int

    /// Creates limits.
    ///
    /// - Parameters:
    ///   - maxDepth: The deepest nesting that is accepted.
    ///   - maxKeys: The number of object keys, in all objects together, that is accepted.
    public init(maxDepth: Int = 128, maxKeys: Int = 1_000_000) {
        self.maxDepth = maxDepth
        self.maxKeys = maxKeys
    }
}

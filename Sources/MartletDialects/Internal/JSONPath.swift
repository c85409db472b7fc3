import MartletWire

/// Names places in a caller's body: `messages[2].content[0].image_url`.
enum JSONPath {
    /// The longest part of a member's name that is shown, in bytes; names are text from outside.
    private static let longestName = 64

    /// Adds the name of a member; a name that is no plain word stands in quotes and brackets.
    static func appending(_ name: String, to path: String) -> String {
        let isPlain =
            !name.isEmpty && name.utf8.count <= longestName
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "$"):
                    true
                default: false
                }
            }
        if isPlain { return path.isEmpty ? name : "\(path).\(name)" }
        var quoted: [UInt8] = []
        JSONString.escape([UInt8](name.utf8.prefix(longestName)), into: &quoted)
        return path + "[\"" + String(decoding: quoted, as: UTF8.self) + "\"]"
    }
}

import MartletCore

/// The parameters of a query, each at most once.
struct QueryParameters {
    private let values: [String: String]

    /// Reads `name=value&name=value` with percent-encoding and `+` for a space.
    ///
    /// - Parameters:
    ///   - query: The query without `?`.
    ///   - names: The parameters there are.
    ///   - ignoresOthers: Whether other parameters are passed over.
    /// - Throws: `invalidValue` that names a parameter which is unknown, double or badly encoded.
    init(_ query: String?, names: [String], ignoresOthers: Bool = false) throws(GatewayError) {
        var values: [String: String] = [:]
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]), names.contains(name) else {
                if ignoresOthers { continue }
                let known = names.joined(separator: ", ")
                let shown = String(parts[0].prefix(64))
                throw GatewayError(.invalidValue, "Unknown parameter. Known ones are: \(known).", param: shown)
            }
            guard values[name] == nil else {
                throw GatewayError(.invalidValue, "\(name) is given more than once.", param: name)
            }
            guard let value = parts.count > 1 ? Self.decoded(parts[1]) : "" else {
                throw GatewayError(.invalidValue, "\(name) is not well percent-encoded.", param: name)
            }
            values[name] = value
        }
        self.values = values
    }

    /// The value of a parameter; `nil` when it is not there.
    subscript(_ name: String) -> String? { values[name] }

    /// Decodes a part of a query; `nil` when an escape is broken or the bytes are no UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

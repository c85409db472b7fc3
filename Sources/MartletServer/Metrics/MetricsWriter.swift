import NIOCore

/// Writes families and samples of Prometheus's text format.
struct MetricsWriter {
    /// A family's type.
    enum Kind: String {
        case counter, gauge, histogram
    }

    /// What is written so far.
    private(set) var buffer = ByteBuffer()

    init() { buffer.reserveCapacity(16_384) }

    /// Begins a family; its samples follow.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        buffer.writeString("# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
    }

    /// Writes a whole number.
    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: some BinaryInteger) {
        head(name, labels)
        buffer.writeString("\(value)\n")
    }

    /// Writes billionths as an exact decimal.
    mutating func sample(_ name: String, _ labels: [(String, String)], nanos: UInt128) {
        head(name, labels)
        buffer.writeString(Self.decimal(nanos: nanos))
        buffer.writeInteger(UInt8(ascii: "\n"))
    }

    /// Writes a family of one sample without labels.
    mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: some BinaryInteger) {
        family(name, kind, help)
        sample(name, [], value)
    }

    /// Writes the buckets, sum and count of a histogram.
    mutating func histogram(_ name: String, _ labels: [(String, String)], _ values: Histogram) {
        let bounds = Histogram.bounds(values.scale)
        var count: UInt64 = 0
        for place in 0..<19 {
            count &+= values.counts[place]
            sample(name + "_bucket", labels + [("le", Self.decimal(nanos: UInt128(bounds[place])))], count)
        }
        count &+= values.counts[19]
        sample(name + "_bucket", labels + [("le", "+Inf")], count)
        sample(name + "_sum", labels, nanos: values.sum)
        sample(name + "_count", labels, count)
    }

    private mutating func head(_ name: String, _ labels: [(String, String)]) {
        buffer.writeString(name)
        for (index, (label, value)) in labels.enumerated() {
            buffer.writeString(index == 0 ? "{\(label)=\"" : ",\(label)=\"")
            writeEscaped(value)
            buffer.writeInteger(UInt8(ascii: "\""))
        }
        buffer.writeString(labels.isEmpty ? " " : "} ")
    }

    /// Writes a label's value: backslash, quote and line feed are escaped.
    private mutating func writeEscaped(_ value: String) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
            case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
            case UInt8(ascii: "\n"): buffer.writeStaticString("\\n")
            default: buffer.writeInteger(byte)
            }
        }
    }

    /// Formats billionths as a plain decimal without trailing zeros (`0.000123`, `2`).
    static func decimal(nanos: UInt128) -> String {
        let (whole, part) = nanos.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard part > 0 else { return String(whole) }
        var digits = String(part)
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}

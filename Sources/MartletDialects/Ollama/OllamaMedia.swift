/// Pictures (and sounds, which travel in the same list): base64 (RFC 4648 §4) without anything around it.
enum OllamaMedia {
    /// The base64 of a `data:` URL (RFC 2397); `nil` for every other address and for data that is none.
    static func base64(url: String) -> [UInt8]? {
        let bytes = Array(url.utf8)
        guard bytes.count > 5, equal(bytes[0..<5], "data:"), let comma = bytes.firstIndex(of: UInt8(ascii: ",")) else {
            return nil
        }
        let payload = bytes[(comma + 1)...]
        if comma >= 12, equal(bytes[(comma - 7)..<comma], ";base64") { return base64(payload) }
        guard let data = percentDecoded(payload), !data.isEmpty else { return nil }
        return encoded(data)
    }

    /// Base64 in its strict form: white space left out, the alphabet for URLs turned into the plain one, padded.
    ///
    /// `nil` when it is no base64, or empty.
    static func base64(_ payload: some Collection<UInt8>) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(payload.count + 3)
        guard payload.contains(UInt8(ascii: "%")) else { return append(payload, to: &output) ? output : nil }
        guard let decoded = percentDecoded(payload), append(decoded, to: &output) else { return nil }
        return output
    }

    /// What kind of data base64 holds, told by its first bytes; `application/octet-stream` when unknown.
    static func mediaType(_ base64: String) -> String {
        let start = Array(base64.utf8.prefix(16))
        func begins(_ text: StaticString) -> Bool { start.starts(with: [UInt8](staticString: text)) }
        if begins("iVBORw0KGgo") { return "image/png" }
        if begins("/9j/") { return "image/jpeg" }
        if begins("R0lGOD") { return "image/gif" }
        // RIFF, four bytes of length, then WEBP or WAVE: the last three letters fill the fourth group of four.
        if begins("UklGR"), start.count == 16 {
            if start[12...].elementsEqual("RUJQ".utf8) { return "image/webp" }
            if start[12...].elementsEqual("QVZF".utf8) { return "audio/wav" }
        }
        return "application/octet-stream"
    }

    private static func append(_ payload: some Collection<UInt8>, to output: inout [UInt8]) -> Bool {
        var padding = 0
        for byte in payload {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                guard padding == 0 else { return false }
                output.append(byte)
            case UInt8(ascii: "-"), UInt8(ascii: "_"):
                guard padding == 0 else { return false }
                output.append(byte == UInt8(ascii: "-") ? UInt8(ascii: "+") : UInt8(ascii: "/"))
            case UInt8(ascii: "="): padding += 1
            case 0x20, 0x09, 0x0A, 0x0D: continue
            default: return false
            }
        }
        guard !output.isEmpty, output.count % 4 != 1, padding <= 2 else { return false }
        while output.count % 4 != 0 { output.append(UInt8(ascii: "=")) }
        return true
    }

    private static func percentDecoded(_ text: some Collection<UInt8>) -> [UInt8]? {
        var output: [UInt8] = []
        var bytes = text.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "%") else {
                output.append(byte)
                continue
            }
            guard let high = bytes.next().flatMap(hex), let low = bytes.next().flatMap(hex) else { return nil }
            output.append(high << 4 | low)
        }
        return output
    }

    private static func hex(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func encoded(_ data: [UInt8]) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var output: [UInt8] = []
        var index = 0
        while index < data.count {
            let group = data[index..<min(index + 3, data.count)]
            var bits = group.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let letter = alphabet[Int(bits >> UInt32(18 - 6 * place)) & 63]
                output.append(place <= group.count ? letter : UInt8(ascii: "="))
            }
            index += 3
        }
        return output
    }

    /// Compares with a lower-case text, letters of either case.
    private static func equal(_ bytes: ArraySlice<UInt8>, _ text: StaticString) -> Bool {
        bytes.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 } == [UInt8](staticString: text)
    }
}

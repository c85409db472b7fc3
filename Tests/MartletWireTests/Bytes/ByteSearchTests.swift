import MartletWire
import Testing

@Suite("Byte search") struct ByteSearchTests {
    @Test("finds the first of a byte at every length, place and alignment") func everyPlace() {
        for length in 0..<80 {
            for place in 0...length {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                if place < length { bytes[place] = UInt8(ascii: "x") }
                for start in [0, 1, 7, length] where start <= length {
                    bytes.withUnsafeBytes { buffer in
                        let expected = place < length && place >= start ? place : nil
                        #expect(ByteSearch.firstIndex(of: UInt8(ascii: "x"), in: buffer, from: start) == expected)
                    }
                }
            }
        }
    }

    @Test("agrees with a plain loop on random bytes, for a byte and for line breaks") func random() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<3000 {
            let alphabet: [UInt8] = [
                0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x00, 0x1F, 0x20, 0x8A, 0x8D, 0xFF, 0x61, 0x61, 0x61,
            ]
            let length = Int.random(in: 0..<120, using: &random)
            let bytes = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let start = Int.random(in: 0...length, using: &random)
            bytes.withUnsafeBytes { buffer in
                let line = bytes[start...].firstIndex { byte in byte == 0x0A || byte == 0x0D }
                #expect(ByteSearch.firstLineBreak(in: buffer, from: start) == line)
                for byte in alphabet {
                    let expected = bytes[start...].firstIndex(of: byte)
                    #expect(ByteSearch.firstIndex(of: byte, in: buffer, from: start) == expected)
                }
            }
        }
    }

    @Test("answers nothing for an empty buffer, and takes a start outside it") func edges() {
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(ByteSearch.firstIndex(of: 1, in: empty) == nil)
        #expect(ByteSearch.firstLineBreak(in: empty, from: 4) == nil)
        [UInt8]("ab\n".utf8).withUnsafeBytes { buffer in
            #expect(ByteSearch.firstLineBreak(in: buffer, from: -5) == 2)
            #expect(ByteSearch.firstLineBreak(in: buffer, from: 99) == nil)
        }
    }
}

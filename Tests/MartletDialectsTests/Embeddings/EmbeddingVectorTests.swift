import MartletCore
import MartletDialects
import Testing

@Suite("Embedding vectors") struct EmbeddingVectorTests {
    private func base64(_ text: String) -> EmbeddingVector { .base64(Array(text.utf8)) }
    private func numbers(_ text: String) -> EmbeddingVector { .numbers(JSONText(text)) }

    @Test(arguments: [
        // Little-endian IEEE 754: 1 is 00 00 80 3F, −2 is 00 00 00 C0, 0.5 is 00 00 00 3F.
        ([Float](), ""), ([1], "AACAPw=="), ([1, -2], "AACAPwAAAMA="), ([1, -2, 0.5], "AACAPwAAAMAAAAA/"),
    ])
    func `are little-endian in base64`(_ values: [Float], _ text: String) {
        #expect(EmbeddingVector.floats(values).encoded(as: .base64) == base64(text))
        #expect(base64(text).values == values)
    }

    @Test func `keep every digit where the form stays`() {
        let written = "[0.10000000000000000001, 1e-3 ,-0]"
        #expect(numbers(written).encoded(as: .float) == numbers(written))
        #expect(base64("AACAPw").encoded(as: .base64) == base64("AACAPw"))
    }

    @Test func `survive the way through the other form bit by bit`() throws {
        var generator = SeededGenerator(state: 7)
        var values: [Float] = [0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 1e-5]
        while values.count < 4_096 {
            let value = Float(bitPattern: UInt32.random(in: 0 ... .max, using: &generator))
            if value.isFinite { values.append(value) }
        }
        let packed = try #require(EmbeddingVector.floats(values).encoded(as: .base64))
        let text = try #require(packed.encoded(as: .float))
        #expect(text.values?.map(\.bitPattern) == values.map(\.bitPattern))
        #expect(text.encoded(as: .base64) == packed)
    }

    @Test(arguments: ["AACA", "AAA", "!", "AADAfw==", "AACAfw=="])
    func `of broken base64, or of what is no number, have no values`(_ text: String) {
        #expect(base64(text).values == nil)
        #expect(base64(text).encoded(as: .float) == nil)
    }

    @Test(arguments: ["[1e39]", "[1e400]", "{}"])
    func `too large for 32 bits have no values`(_ text: String) {
        #expect(numbers(text).values == nil && numbers(text).encoded(as: .base64) == nil)
    }
}

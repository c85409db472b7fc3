import MartletWire
import Testing

@Suite("JSON scanner: duplicate keys")
struct JSONScannerKeyTests {
    @Test(
        "keys are compared after decoding their escapes",
        arguments: [
            #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"\u0061":1,"a":2}"#, #"{"\u0061":1,"\u0061":2}"#,
            #"{"":1,"":2}"#, #"{"a/b":1,"a\/b":2}"#, #"{"é":1,"\u00e9":2}"#, #"{"€":1,"\u20AC":2}"#,
            #"{"𝄞":1,"\uD834\uDD1E":2}"#, #"{"\ud834\udd1e":1,"\uD834\uDD1E":2}"#, #"{"\n":1,"\u000a":2}"#,
            #"{"x":{"a":1,"a":2}}"#, #"[[{"a":1,"b":{"a":1},"a":2}]]"#, #"{"\u0000":1,"\u0000":2}"#,
            #"{"a long key of more than sixteen bytes":1,"b":2,"a long key of more than sixteen bytes":3}"#,
            #"{"a long key of more than sixteen bytes":1,"a long key of more than sixteen byte\u0073":3}"#,
            #"{"twelve bytes":1,"twelve bytes":3}"#, #"{"exactly8":1,"exactly8":2}"#,
        ]
    )
    func duplicates(_ text: String) throws {
        let error = try #require(scan(text).error)
        #expect(error.kind == .duplicateKey)
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count { #expect(scan(bytes, cuts: [cut]).error == error) }
    }

    @Test("the offset is that of the second key's quote")
    func offset() {
        #expect(scan(#"{"a":1, "a":2}"#).error == JSONError(kind: .duplicateKey, offset: 8))
    }

    @Test("keys that are close but not equal are accepted")
    func closeKeys() {
        let keys =
            (0...40).map { String(repeating: "a", count: $0) }
            + (0...40).map { String(repeating: "b", count: $0) + "c" }
        #expect(scan("{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}").error == nil)
    }

    @Test("a duplicate is found at every distance, in small and large objects")
    func everyDistance() {
        for count in [1, 2, 3, 15, 16, 17, 18, 33, 64, 65, 200] {
            let members = (0..<count).map { "\"key\($0)\":{\"key\($0)\":[]}" }.joined(separator: ",")
            #expect(scan("{\(members)}").error == nil)
            for repeated in 0..<count {
                #expect(scan("{\(members),\"key\(repeated)\":1}").error?.kind == .duplicateKey)
            }
        }
    }

    @Test("large objects inside and after large objects keep their keys apart")
    func nestedLargeObjects() {
        func object(_ inner: String, count: Int) -> String {
            let members = (0..<count).map { "\"k\($0)\":\($0 == count / 2 ? inner : "0")" }
            return "{" + members.joined(separator: ",") + "}"
        }
        var text = "0"
        for level in 0..<20 { text = object(text, count: 10 + level * 7) }
        let twice = "[\(text),\(text)]"
        #expect(scan(twice).error == nil)
        #expect(scan(Array(twice.utf8), cuts: Array(stride(from: 0, to: twice.utf8.count, by: 7))) == scan(twice))
        let wrong = text.dropLast() + ",\"k0\":1}"
        #expect(scan(String(wrong)).error?.kind == .duplicateKey)
    }

    @Test("an object of 50,000 keys is checked, and the key after them too")
    func manyKeys() {
        var text = "{"
        for index in 0..<50_000 { text += "\"\(index)\":0," }
        #expect(scan(text + "\"last\":0}").error == nil)
        #expect(scan(text + "\"777\":0}").error?.kind == .duplicateKey)
    }
}

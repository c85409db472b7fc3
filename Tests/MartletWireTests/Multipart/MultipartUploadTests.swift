import MartletWire
import Testing

@Suite("Forms that are written") struct MultipartUploadTests {
    private let boundary = MultipartBoundary("0123456789abcdef")

    private func form(_ body: [UInt8], _ boundary: MultipartBoundary) throws -> MultipartForm {
        var form = try MultipartForm(contentType: boundary.contentType, keeping: ["purpose"])
        try form.read(body.span)
        try form.finish()
        return form
    }

    @Test(
        "what is written around a file is read back to the byte",
        arguments: ["", "\r\n", "{}\n{}\n", "--", "\r\n--0123", "--0123456789abcde", "\u{0}é🙂", "0123456789abcdeF"]
    )
    func roundTrip(content: String) throws {
        let boundary = try #require(boundary)
        let upload = try MultipartUpload(
            boundary: boundary,
            fields: [.init("purpose", "batch"), .init("expires_after[seconds]", "3600"), .init("empty", "")],
            file: .init(name: "file", fileName: "a;b\\c é.jsonl")
        )
        let file = Array(content.utf8)
        let body = try upload.body(file)
        #expect(body == upload.head + file + upload.tail)
        let form = try form(body, boundary)
        #expect(form.fields.map(\.name) == ["purpose", "expires_after[seconds]", "empty", "file"])
        #expect(form.fields.map(\.fileName) == [nil, nil, nil, "a;b\\c é.jsonl"])
        #expect(form.bytes("purpose") == Array("batch".utf8))
        #expect(body[form.fields[3].value].elementsEqual(file))
    }

    @Test("names cannot end their line or their quotes")
    func names() throws {
        let boundary = try #require(boundary)
        let evil = "x\"\r\nContent-Type: a\r\n\r\n"
        let upload = try MultipartUpload(
            boundary: boundary,
            fields: [.init(evil, "v")],
            file: .init(name: evil, fileName: evil, contentType: "a/b\r\nX: y")
        )
        let form = try form(try upload.body([]), boundary)
        let escaped = "x%22%0D%0AContent-Type: a%0D%0A%0D%0A"
        #expect(form.fields.map(\.name) == [escaped, escaped] && form.fields[1].fileName == escaped)
        #expect(String(decoding: upload.head, as: UTF8.self).contains("\r\nContent-Type: a/bX: y\r\n\r\n"))
    }

    @Test("a boundary that occurs in a value, a name or the file is refused")
    func taken() throws {
        let boundary = try #require(boundary)
        let word = "..0123456789abcdef.."
        func upload(_ name: String = "n", _ value: String = "v", file: String = "f") throws -> MultipartUpload {
            try MultipartUpload(
                boundary: boundary,
                fields: [.init(name, value)],
                file: .init(name: "file", fileName: file)
            )
        }
        #expect(throws: MultipartUpload.BoundaryTaken.self) { try upload(word) }
        #expect(throws: MultipartUpload.BoundaryTaken.self) { try upload("n", word) }
        #expect(throws: MultipartUpload.BoundaryTaken.self) { try upload(file: word) }
        let fine = try upload("01234567", "89abcdef")
        #expect(throws: MultipartUpload.BoundaryTaken.self) { try fine.body(Array(word.utf8)) }
    }

    @Test("the cuts between pieces hide no boundary", arguments: 1...20)
    func cuts(size: Int) throws {
        let boundary = try #require(boundary)
        for (text, isThere) in [
            ("xx0123456789abcde0123456789abcdefyy", true), ("0123456789abcdef", true),
            ("0123456789abcde.0123456789abcde", false), (String(repeating: "0", count: 60), false),
            (String(repeating: "01234567", count: 9) + "89abcdef", true),
        ] {
            var watch = MultipartBoundary.Watch(boundary)
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                watch.read(bytes[start..<min(start + size, bytes.count)].span)
            }
            #expect(watch.isFound == isThere, "\(text) in pieces of \(size)")
        }
    }

    @Test(
        "a boundary needs no quotes and no luck",
        arguments: ["", "a b", "ä", "\"", String(repeating: "a", count: 71)]
    )
    func boundaries(text: String) {
        #expect(MultipartBoundary(text) == nil)
        #expect(MultipartBoundary(String(repeating: "a", count: 70)) != nil)
        var random = SystemRandomNumberGenerator()
        let (one, other) = (MultipartBoundary(using: &random), MultipartBoundary(using: &random))
        #expect(
            one != other && one.bytes.count == 32
                && MultipartBoundary(String(decoding: one.bytes, as: UTF8.self)) == one
        )
    }
}

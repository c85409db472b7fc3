import MartletWire
import Testing

@Suite("Multipart forms") struct MultipartFormTests {
    private func form(_ text: String, _ type: String = "multipart/form-data; boundary=B") throws -> MultipartForm {
        var form = try MultipartForm(contentType: type, keeping: ["model"])
        try form.read(Array(text.utf8).span)
        try form.finish()
        return form
    }

    /// The same form, read a few bytes at a time.
    private func form(_ text: String, piecesOf size: Int) throws -> MultipartForm {
        var form = try MultipartForm(contentType: "multipart/form-data; boundary=B", keeping: ["model"])
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try form.read(bytes[start..<min(start + size, bytes.count)].span)
        }
        try form.finish()
        return form
    }

    private func part(_ head: String, _ value: String) -> String { "--B\r\n\(head)\r\n\r\n\(value)\r\n" }

    @Test("fields are found by name, files by their file name, values to the byte")
    func fields() throws {
        let text =
            "preamble\r\n" + part(#"Content-Disposition: form-data; name="file"; filename="a;b\".png""#, "\r\n--\r\nx")
            + part("content-type: text/plain\r\ncontent-disposition: form-data; name=model", "whisper-1")
            + part(#"Content-Disposition: form-data; name="empty""#, "") + "--B--\r\nepilogue"
        let form = try form(text)
        #expect(form.fields.map(\.name) == ["file", "model", "empty"])
        #expect(form.fields.map(\.isFile) == [true, false, false])
        let bytes = Array(text.utf8)
        #expect(
            form.fields.map { String(decoding: bytes[$0.value], as: UTF8.self) } == ["\r\n--\r\nx", "whisper-1", ""]
        )
        #expect(form.value("file") == nil, "a file is no value")
        #expect(form.value("model") == form.fields[1].value)
        #expect(form.bytes("model") == Array("whisper-1".utf8) && form.bytes("empty") == nil)
    }

    @Test("the cuts between reads change nothing", arguments: [1, 2, 3, 5, 7, 64, 1_000])
    func cuts(size: Int) throws {
        let file = String(repeating: "\r\n--A\r\n\r\n--", count: 400)
        let text =
            part(#"Content-Disposition: form-data; name="file"; filename=f"#, file)
            + part("content-disposition: form-data; name=model", "whisper-1")
            + part("content-disposition: form-data; name=model", "another")
            + part("content-disposition: form-data; name=prompt", String(repeating: "p", count: 3_000))
            + part("content-disposition: form-data; name=empty", "") + "--B--\r\nepilogue"
        let whole = try form(text)
        let cut = try form(text, piecesOf: size)
        #expect(cut.fields == whole.fields && cut.fields.count == 5)
        #expect(cut.bytes("model") == Array("whisper-1".utf8))
    }

    @Test("what is kept is bounded: a head without end and a long value of a wanted field")
    func bounds() throws {
        var form = try MultipartForm(contentType: "multipart/form-data; boundary=B", keeping: ["model"])
        let long = String(repeating: "m", count: 1_025)
        try form.read(Array((part("content-disposition: form-data; name=model", long) + "--B--").utf8).span)
        try form.finish()
        #expect(form.bytes("model") == nil && form.value("model")?.count == 1_025)
        #expect(throws: MultipartForm.FormError.malformed) {
            try self.form("--B\r\nx: " + String(repeating: "y", count: 17_000), piecesOf: 900)
        }
    }

    @Test("a quoted boundary with spaces works", arguments: [#"multipart/form-data; charset=utf-8; boundary="B""#])
    func quoted(type: String) throws {
        #expect(try form(part("content-disposition: form-data; name=a", "1") + "--B--", type).fields.count == 1)
    }

    @Test(
        "a body that does not end, or has no head, is refused",
        arguments: [
            "", "--B", "--B\r\n", "--B\r\nx: y", "--B\r\nx: y\r\n\r\nvalue", "--B\r\nx: y\r\n\r\nvalue\r\n--B", "B",
        ]
    )
    func broken(text: String) { #expect(throws: MultipartForm.FormError.malformed) { try form(text) } }

    @Test("a type without a usable boundary is refused", arguments: ["", "; boundary=", "; boundary=\"\u{7}\""])
    func noBoundary(parameters: String) {
        #expect(throws: MultipartForm.FormError.noBoundary) {
            try form("--B--", "multipart/form-data" + parameters)
        }
    }

    @Test("more fields than anyone sends are refused")
    func many() {
        let text = String(repeating: part("content-disposition: form-data; name=a", "1"), count: 300) + "--B--"
        #expect(throws: MultipartForm.FormError.tooManyFields) { try form(text) }
    }

    @Test("random bytes around a boundary never trap")
    func random() {
        var generator = SystemRandomNumberGenerator()
        let pieces = ["--B", "\r\n", "--", "\r\n\r\n", "content-disposition: form-data; name=", "\"", ";", "a", ":"]
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 0...14, using: &generator)).map { _ in pieces.randomElement() ?? "" }
                .joined()
            _ = try? form(text)
        }
    }
}

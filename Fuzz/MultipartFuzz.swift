// Reads bytes as a form and checks that every field lies within them, in order, and that the text between the places
// of its values is what stands around them; and that cuts between reads change nothing. Then writes a form around them,
// which must be read as what was written.

private func form(_ body: [UInt8], _ type: String, piecesOf size: Int) -> MultipartForm? {
    guard var form = try? MultipartForm(contentType: type, keeping: ["model"]) else { return nil }
    for start in stride(from: 0, to: body.count, by: size) {
        do { try form.read(body[start..<min(start + size, body.count)].span) } catch { return nil }
    }
    do { try form.finish() } catch { return nil }
    return form
}

/// Runs one input as a form; the first byte says how long the boundary is, which follows it.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size >= 1 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    let length = min(Int(input[0] & 15), input.count - 1)
    let boundary = input[1..<(1 + length)]
    let body = Array(input[(1 + length)...])
    checkUpload(body, String(decoding: boundary, as: UTF8.self), cut: Int(input[0]))
    let type = "multipart/form-data; boundary=\"" + String(decoding: boundary, as: UTF8.self) + "\""
    let whole = form(body, type, piecesOf: max(1, body.count))
    let cut = form(body, type, piecesOf: 1 + Int(input[0] >> 4))
    precondition((whole == nil) == (cut == nil))
    guard let form = whole else { return 0 }
    precondition(form.fields == cut?.fields && form.bytes("model") == cut?.bytes("model"))
    precondition(form.fields.count <= 256)
    var end = 0
    for field in form.fields {
        precondition(field.value.lowerBound >= end && field.value.upperBound <= body.count)
        end = field.value.upperBound
        // A value ends where its delimiter begins.
        precondition(body[end...].starts(with: "\r\n--".utf8))
    }
    if let value = form.value("model") { precondition(form.fields.contains { $0.value == value && !$0.isFile }) }
    return 0
}

/// Writes the bytes as a file, as a name and as a value.
private func checkUpload(_ bytes: [UInt8], _ boundary: String, cut: Int) {
    guard let boundary = MultipartBoundary(boundary) else { return }
    let text = String(decoding: bytes.prefix(1_000), as: UTF8.self)
    var watch = MultipartBoundary.Watch(boundary)
    let (first, rest) = (bytes.prefix(cut), bytes.dropFirst(cut))
    watch.read(first.span)
    watch.read(rest.span)
    let place = bytes.indices.first { bytes[$0...].starts(with: boundary.bytes) }
    precondition(watch.isFound == (place != nil))
    let file = MultipartUpload.File(name: "file", fileName: text, contentType: text)
    guard let upload = try? MultipartUpload(boundary: boundary, fields: [.init("model", text)], file: file),
        let body = try? upload.body(bytes)
    else { return }
    precondition(place == nil)
    guard let form = form(body, boundary.contentType, piecesOf: cut + 1) else {
        preconditionFailure("what was written is no form")
    }
    precondition(form.fields.map(\.name) == ["model", "file"] && form.fields.map(\.isFile) == [false, true])
    precondition(body[form.fields[0].value].elementsEqual(text.utf8) && body[form.fields[1].value].elementsEqual(bytes))
}

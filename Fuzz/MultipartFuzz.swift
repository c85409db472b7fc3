// Reads bytes as a form and checks that every field lies within them, in order, and that the text between the places
// of its values is what stands around them.

/// Runs one input as a form; the first byte says how long the boundary is, which follows it.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size >= 1 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    let length = min(Int(input[0] & 15), input.count - 1)
    let boundary = input[1..<(1 + length)]
    let body = Array(input[(1 + length)...])
    let type = "multipart/form-data; boundary=\"" + String(decoding: boundary, as: UTF8.self) + "\""
    guard let form = try? MultipartForm(body.span, contentType: type) else { return 0 }
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

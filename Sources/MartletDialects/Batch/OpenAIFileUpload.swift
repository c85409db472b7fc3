public import MartletCore
public import MartletWire

/// What a form that uploads a file to OpenAI's API says beside the file's bytes (`POST /v1/files`).
///
/// - SeeAlso: OpenAI API reference, "Upload file" (read November 2026).
public struct OpenAIFileUpload: Hashable, Sendable {
    /// What the file is for.
    public var purpose: String
    /// The file's name.
    public var filename: String
    /// Seconds after which the file goes, counted from its creation; 3,600 to 2,592,000.
    public var expiresAfter: Int64?

    /// What files can be for.
    public static let purposes = ["batch", "fine-tune", "vision", "user_data", "assistants", "evals"]
    /// The fields that a form must keep to be read as an upload.
    public static let fields = ["purpose", anchorField, secondsField]

    private static let anchorField = "expires_after[anchor]"
    private static let secondsField = "expires_after[seconds]"

    /// Creates an upload.
    public init(purpose: String = "batch", filename: String, expiresAfter: Int64? = nil) {
        self.purpose = purpose
        self.filename = filename
        self.expiresAfter = expiresAfter
    }

    /// Reads a form whose last byte was read; its file may stand outside memory.
    ///
    /// - Parameter form: A form that keeps ``fields``.
    /// - Returns: The upload, and where the file is in the form's bytes.
    /// - Throws: ``GatewayError`` with the field as `param`.
    public static func read(
        _ form: MultipartForm
    ) throws(GatewayError) -> (upload: OpenAIFileUpload, file: Range<Int>) {
        do throws(MultipartForm.FormError) {
            try form.finish()
        } catch {
            throw .notAForm(error)
        }
        guard let file = form.fields.first(where: { $0.isFile && $0.name == "file" }) else {
            throw missing("file", "A file is required.")
        }
        guard form.value("purpose") != nil else { throw missing("purpose", "A purpose is required.") }
        // A value that is too long to be kept is no purpose.
        let purpose = String(decoding: form.bytes("purpose") ?? [], as: UTF8.self)
        guard purposes.contains(purpose) else {
            throw .invalid("purpose", "must be one of " + purposes.joined(separator: ", "))
        }
        var upload = OpenAIFileUpload(purpose: purpose, filename: file.fileName ?? "")
        guard form.value(anchorField) != nil || form.value(secondsField) != nil else { return (upload, file.value) }
        guard form.bytes(anchorField) == Array("created_at".utf8) else {
            throw .invalid("expires_after.anchor", "must be created_at")
        }
        let seconds = form.bytes(secondsField).flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
        guard let seconds, (3_600...2_592_000).contains(seconds) else {
            throw .invalid("expires_after.seconds", "must be an integer from 3600 to 2592000")
        }
        upload.expiresAfter = seconds
        return (upload, file.value)
    }

    /// Reads a form that stands in memory.
    ///
    /// - Parameters:
    ///   - body: The form's bytes.
    ///   - contentType: The value of `Content-Type`, parameters included.
    /// - Returns: The upload, and where the file is in `body`.
    /// - Throws: ``GatewayError`` with the field as `param`.
    public static func read(
        _ body: [UInt8],
        contentType: String
    ) throws(GatewayError) -> (upload: OpenAIFileUpload, file: Range<Int>) {
        let form: MultipartForm
        do throws(MultipartForm.FormError) {
            var reader = try MultipartForm(contentType: contentType, keeping: fields)
            try reader.read(body.span)
            form = reader
        } catch {
            throw .notAForm(error)
        }
        return try read(form)
    }

    /// The form around the file's bytes, in the order of the official clients: fields, then the file.
    ///
    /// - Throws: ``MultipartUpload/BoundaryTaken`` when a field contains the boundary.
    public func form(
        boundary: MultipartBoundary
    ) throws(MultipartUpload.BoundaryTaken) -> MultipartUpload {
        var fields = [MultipartUpload.Field("purpose", purpose)]
        if let expiresAfter {
            fields.append(MultipartUpload.Field(Self.anchorField, "created_at"))
            fields.append(MultipartUpload.Field(Self.secondsField, String(expiresAfter)))
        }
        let file = MultipartUpload.File(name: "file", fileName: filename)
        return try MultipartUpload(boundary: boundary, fields: fields, file: file)
    }

    private static func missing(_ field: String, _ message: String) -> GatewayError {
        GatewayError(.missingRequiredParameter, message, param: field)
    }
}

extension GatewayError {
    /// Says that a body is no form.
    public static func notAForm(_ error: MultipartForm.FormError) -> GatewayError {
        GatewayError(.invalidValue, "The body is no multipart/form-data (\(error)).")
    }
}

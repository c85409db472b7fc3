import MartletWire
public import NIOCore

/// Bytes of an upload outside memory; gone with its last owner.
///
/// What it is, only the service behind ``Ask/spool(_:)`` knows.
public protocol UploadFile: AnyObject, Sendable {}

/// Bytes of an upload that are to be kept outside memory.
public struct UploadWrite: Sendable {
    /// The file; `nil` makes one.
    public var file: (any UploadFile)?
    /// Where they belong in it.
    public var offset: Int
    /// The bytes.
    public var bytes: ByteBuffer
}

/// What is known of a form while it comes.
struct UploadedForm {
    /// Its fields so far.
    var form: MultipartForm
    /// Where its bytes are; `nil` while they stand in memory.
    var file: (any UploadFile)?
    /// Bytes in the file.
    var written = 0

    /// Bytes of a form that stay in memory.
    static let memoryLimit = 262_144
}

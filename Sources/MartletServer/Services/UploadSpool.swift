import MartletExchange
import MartletStore
import NIOCore
import NIOPosix

/// Keeps uploads in files without names, written and read on threads of its own.
final class UploadSpool: Sendable {
    /// A file as exchanges hold it.
    private final class Upload: UploadFile {
        let file: UnlinkedFile

        init(_ file: UnlinkedFile) { self.file = file }
    }

    private let directory: String
    private let pool: NIOThreadPool

    /// - Parameters:
    ///   - directory: Where the files are made; the data directory, which only the gateway's user can read.
    ///   - pool: The threads that may wait for the disk.
    init(directory: String, pool: NIOThreadPool) {
        self.directory = directory
        self.pool = pool
    }

    /// Writes bytes; `reply` is called once, from any thread, unless the threads were stopped.
    func write(_ request: UploadWrite, reply: @escaping @Sendable (Answer) -> Void) {
        pool.submit { [directory] state in
            guard case .active = state else { return }
            do throws(SystemFailure) {
                let upload: Upload
                if let begun = request.file as? Upload {
                    upload = begun
                } else {
                    upload = Upload(try UnlinkedFile(in: directory))
                }
                try upload.file.write(request.bytes.readableBytesUInt8Span, at: request.offset)
                reply(.spooled(upload))
            } catch {
                reply(.spooled(nil))
            }
        }
    }

    /// Reads bytes; `reply` gets `nil` when they are not all there.
    func read(_ range: Range<Int>, of file: any UploadFile, reply: @escaping @Sendable (ByteBuffer?) -> Void) {
        pool.submit { state in
            guard case .active = state, let upload = file as? Upload else { return reply(nil) }
            let bytes = try? upload.file.read(at: range.lowerBound, count: range.count)
            reply(bytes.flatMap { $0.count == range.count ? ByteBuffer(bytes: $0) : nil })
        }
    }
}

import MartletCore
import MartletDialects
import MartletWire
import NIOCore

/// Forms may carry large files: beyond a limit their bytes are kept outside memory.
extension Exchange {
    /// Whether the body is a form, of which only some fields matter here.
    var bodyIsForm: Bool {
        passThrough != nil && head.method == .post
            && MediaType.essence(of: head.contentType ?? "") == "multipart/form-data"
    }

    /// Bytes of a form, which are in the body already: reads on, or has them written away first.
    mutating func scanForm(_ bytes: ByteBuffer, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        do throws(MultipartForm.FormError) {
            try body.readForm(bytes, contentType: head.contentType ?? "")
        } catch {
            return refuse(.notAForm(error), closing: true, &env, &actions)
        }
        guard let write = body.nextWrite() else { return actions.add(.readClient) }
        ask(.spool(write), within: .seconds(30), &env, &actions)
    }

    /// Goes on once the bytes are outside memory.
    mutating func formWritten(
        _ file: (any UploadFile)?,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let file else {
            let error = GatewayError(.overloaded, "The gateway has no room for the upload.", retryAfterSeconds: 5)
            return refuse(error, closing: true, &env, &actions)
        }
        _ = env.holdBytes(-body.written(to: file))
        actions.add(.readClient)
    }
}

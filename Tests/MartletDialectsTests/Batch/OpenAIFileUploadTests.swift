import Foundation
import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Files for batches") struct OpenAIFileUploadTests {
    private static let boundary = "0123456789abcdef0123456789abcdef"
    private static let lines = Array(
        (#"{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"é"}}"# + "\n").utf8
    )

    private static func body(_ upload: OpenAIFileUpload) throws -> (bytes: [UInt8], contentType: String) {
        let boundary = try #require(MultipartBoundary(boundary))
        return (try upload.form(boundary: boundary).body(lines), boundary.contentType)
    }

    @Test(
        "an upload is read back, with and without an end",
        arguments: [
            OpenAIFileUpload(filename: "batch.jsonl"), OpenAIFileUpload(purpose: "user_data", filename: "é \\ ;.jsonl"),
            OpenAIFileUpload(filename: "", expiresAfter: 3_600),
            OpenAIFileUpload(filename: "f", expiresAfter: 2_592_000),
        ]
    )
    func roundTrip(upload: OpenAIFileUpload) throws {
        let (bytes, contentType) = try Self.body(upload)
        let read = try OpenAIFileUpload.read(bytes, contentType: contentType)
        #expect(read.upload == upload && bytes[read.file].elementsEqual(Self.lines))
        let items = OpenAIBatchLines.items(Array(bytes[read.file]), endpoint: "/v1/embeddings")
        #expect(items.items.map(\.customID) == ["a"] && items.errors.isEmpty)
    }

    /// `MARTLET_WRITE_FIXTURES=1 swift test --filter OpenAIFileUploadTests` writes it anew.
    @Test("the form is the one that the official SDK sends, byte for byte")
    func fixture() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../Fixtures/Batch/openai-upload.form"
        )
        let upload = OpenAIFileUpload(filename: "nightly \"1\" \\ é.jsonl", expiresAfter: 86_400)
        let (bytes, contentType) = try Self.body(upload)
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_FIXTURES"] != nil { try Data(bytes).write(to: file) }
        #expect(try Array(Data(contentsOf: file)) == bytes)
        // What the SDK writes for a quote stays as it is, as in every server that reads forms of browsers.
        let read = try OpenAIFileUpload.read(bytes, contentType: contentType)
        #expect(read.upload.filename == "nightly %221%22 \\ é.jsonl" && read.upload.expiresAfter == 86_400)
    }

    @Test(
        "a form that is no upload names the field",
        arguments: [
            ("name=purpose\r\n\r\nbatch", "file"), ("name=file\r\n\r\nx", "file"),
            ("name=file; filename=f\r\n\r\nx", "purpose"),
            ("name=file; filename=f\r\n\r\nx|name=purpose\r\n\r\nother", "purpose"),
            ("name=file; filename=f\r\n\r\nx|name=purpose; filename=p\r\n\r\nbatch", "purpose"),
            (
                "name=file; filename=f\r\n\r\nx|name=purpose\r\n\r\nbatch|name=expires_after[seconds]\r\n\r\n3600",
                "expires_after.anchor"
            ),
            (
                "name=file; filename=f\r\n\r\nx|name=purpose\r\n\r\nbatch|name=expires_after[anchor]\r\n\r\ncreated_at",
                "expires_after.seconds"
            ),
            (
                "name=file; filename=f\r\n\r\nx|name=purpose\r\n\r\nbatch|name=expires_after[anchor]\r\n\r\ncreated_at"
                    + "|name=expires_after[seconds]\r\n\r\n3599",
                "expires_after.seconds"
            ),
        ]
    )
    func refusals(parts: String, param: String) throws {
        let text = parts.split(separator: "|").map { "--B\r\nContent-Disposition: form-data; \($0)\r\n" }.joined()
        let error = #expect(throws: GatewayError.self) {
            try OpenAIFileUpload.read(Array((text + "--B--").utf8), contentType: "multipart/form-data; boundary=B")
        }
        #expect(error?.param == param)
    }

    @Test("a body that is no form, or ends too early, is told so", arguments: ["x", "", "--B\r\n"])
    func noForm(text: String) {
        for type in ["multipart/form-data; boundary=B", "multipart/form-data", "application/json"] {
            let error = #expect(throws: GatewayError.self) {
                try OpenAIFileUpload.read(Array(text.utf8), contentType: type)
            }
            #expect(error?.code == .invalidValue)
        }
    }

    @Test("a file that was told to go is gone, or the answer is none")
    func deletions() throws {
        #expect(try OpenAIFile.isDeleted(decoding: OpenAIFile.deleted("file-1")))
        #expect(try !OpenAIFile.isDeleted(decoding: Array(#"{"id":"f","deleted":false}"#.utf8)))
        #expect(throws: ChatFailure.self) { try OpenAIFile.isDeleted(decoding: Array(#"{"id":"f"}"#.utf8)) }
    }

    @Test("errors of files and of single lines are read in the vendor's words")
    func errors() throws {
        let body =
            Array(
                #"{"error":{"message":"No such File object: file-9","type":"invalid_request_error","param":"id","#.utf8
            ) + Array(#""code":null}}"#.utf8)
        let failure = UpstreamFailure(openAI: body)
        #expect(failure.message == "No such File object: file-9" && failure.param == "id" && failure.code == nil)
        let line =
            Array(#"{"id":"batch_req_1","custom_id":"a","response":{"status_code":404,"request_id":"r","body":"#.utf8)
            + body + Array(#"},"error":null}"#.utf8)
        let results = try OpenAIBatchLines.results(line)
        guard case .answered(404, "r", let text)? = results.first?.outcome else {
            Issue.record("\(results)")
            return
        }
        #expect(UpstreamFailure(openAI: text.bytes) == failure)
    }
}

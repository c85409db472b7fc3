import MartletCore
import MartletRouting
import MartletWire
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Uploads") struct UploadTests {
    private final class File: UploadFile {}

    private static var head: ClientHead {
        .chat {
            $0.path = "/v1/audio/transcriptions"
            $0.contentType = "multipart/form-data; boundary=xyz"
            $0.contentLength = nil
            $0.isChunked = true
        }
    }
    private static let opening =
        "--xyz\r\ncontent-disposition: form-data; name=file; filename=a.wav\r\n\r\n"
    private static let ending =
        "\r\n--xyz\r\ncontent-disposition: form-data; name=model\r\n\r\ngpt-test\r\n--xyz--\r\n"

    /// What the exchange wants written, answered.
    private func write(_ driver: Driver, to file: (any UploadFile)?) -> UploadWrite? {
        guard let open = driver.openAsk, case .spool(let write) = open.ask else { return nil }
        driver.tell(.answer(open.id, .spooled(file)))
        return write
    }

    private func read(_ driver: Driver, _ text: String) { driver.tell(.clientBytes(ByteBuffer(string: text))) }

    @Test("leave memory beyond 256 KiB, read by read, and are sent from where they are, as often as it takes")
    func spooled() throws {
        let driver = Driver(head: Self.head).begin()
        let file = File()
        let sound = String(repeating: "s", count: 150 << 10)
        read(driver, Self.opening + sound)
        #expect(driver.openAsk == nil && driver.wantsClient)
        read(driver, sound)
        let first = try #require(write(driver, to: file))
        #expect(first.file == nil && first.offset == 0)
        #expect(first.bytes.readableBytes == Self.opening.utf8.count + 2 * sound.utf8.count)
        #expect(driver.wantsClient)
        read(driver, Self.ending)
        let second = try #require(write(driver, to: file))
        #expect(second.file === file && second.offset == first.bytes.readableBytes)
        #expect(String(buffer: second.bytes) == Self.ending)
        driver.tell(.clientEnd).connect()
        let length = second.offset + Self.ending.utf8.count
        let name = second.offset + "\r\n--xyz\r\ncontent-disposition: form-data; name=model\r\n\r\n".utf8.count
        for attempt in 0..<2 {
            let body = try #require(driver.legs[driver.leg]?.request?.body)
            #expect(body.file === file)
            #expect(
                body.pieces == [
                    .original(0..<name), .bytes(Array("upstream-model".utf8)), .original((name + 8)..<length),
                ]
            )
            #expect(body.length == length + 6)
            if attempt == 0 { driver.head(500, .json).bytes("{}").end().wait(.milliseconds(900)).connect() }
        }
        driver.head(200, .json).bytes("{}").end()
        #expect(driver.response?.status == 200 && driver.env.heldBytes == 0)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("are refused when there is no room for them")
    func full() {
        let driver = Driver(head: Self.head).begin()
        read(driver, Self.opening + String(repeating: "s", count: 300 << 10))
        _ = write(driver, to: nil)
        #expect(driver.response?.status == 503 && driver.bodyText.contains("no room for the upload"))
        #expect(driver.legs.isEmpty && driver.env.heldBytes == 0)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("that are no form are refused before they end")
    func broken() {
        let driver = Driver(head: Self.head).begin()
        read(driver, "--xyz and more\r\n")
        #expect(driver.response?.status == 400 && driver.bodyText.contains("multipart/form-data"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("count as a whole against the limit of a body, wherever they are")
    func limit() {
        let driver = Driver(head: Self.head).begin()
        let file = File()
        let sound = String(repeating: "s", count: 1 << 20)
        read(driver, Self.opening)
        for _ in 0..<31 {
            read(driver, sound)
            #expect(write(driver, to: file) != nil)
        }
        read(driver, sound)
        #expect(driver.response?.status == 413)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("whose client leaves end while bytes are being written")
    func gone() {
        let driver = Driver(head: Self.head).begin()
        read(driver, Self.opening + String(repeating: "s", count: 300 << 10))
        driver.tell(.clientGone)
        #expect(driver.outcome?.status == 499 && driver.env.heldBytes == 0)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}

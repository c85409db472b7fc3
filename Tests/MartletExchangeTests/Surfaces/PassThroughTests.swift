import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Endpoints whose bytes pass") struct PassThroughTests {
    private static let form =
        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n--not it\r\n"
        + "\r\n--xyz\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\ngpt-test\r\n--xyz--\r\n"

    private func sent(_ driver: Driver) -> String {
        (driver.legs[driver.leg]?.request?.body.buffers ?? []).map { String(buffer: $0) }.joined()
    }

    @Test("JSON goes on with the target's name of the model and comes back as it is, with its usage")
    func json() {
        let head = ClientHead.chat { $0.path = "/v1/images/generations" }
        let driver = Driver(head: head).send(#"{"prompt":"a cat","model":"gpt-test","x":[1, 2]}"#).connect()
        #expect(sent(driver) == #"{"prompt":"a cat","model":"upstream-model","x":[1, 2]}"#)
        #expect(driver.legs[driver.leg]?.request?.path == "/images/generations")
        let answer = #"{"data":[{"b64_json":"AAAA"}],"usage":{"input_tokens":5,"output_tokens":7}}"#
        driver.head(200, .json).bytes(answer).end()
        #expect(driver.bodyText == answer)
        #expect(driver.outcome?.usage == Usage(inputTokens: 5, outputTokens: 7))
        #expect(driver.outcome?.endpoint == "images")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a form with its file before the model goes on with that one field changed")
    func form() {
        let type = "multipart/form-data; boundary=xyz"
        let head = ClientHead.chat {
            $0.path = "/v1/audio/transcriptions"
            $0.contentType = type
        }
        let driver = Driver(head: head).send(Self.form).connect()
        #expect(sent(driver) == Self.form.replacing("gpt-test", with: "upstream-model"))
        #expect(driver.legs[driver.leg]?.request?.contentType == type)
        #expect(driver.legs[driver.leg]?.request?.body.length == sent(driver).utf8.count)
        driver.head(500, .json).bytes("{}").end().wait(.seconds(5))
        #expect(driver.legs.count > 1, "a body that is held whole is sent again")
    }

    @Test("sound comes through as it arrives, with its type; a break shows in the framing")
    func sound() {
        let head = ClientHead.chat { $0.path = "/v1/audio/speech" }
        let body = #"{"model":"gpt-test","input":"Hi","voice":"alloy"}"#
        var mp3 = UpstreamHead(status: 200, media: .other)
        mp3.contentType = "audio/mpeg"
        let whole = Driver(head: head).send(body).connect()
        whole.tell(.legHead(whole.leg, mp3)).bytes("ID3")
        #expect(whole.response?.contentType == "audio/mpeg")
        #expect(whole.bodyText == "ID3")
        whole.bytes("more").end()
        #expect(whole.bodyText == "ID3more" && whole.hasEnded)
        #expect(whole.outcome?.record?.state == .settled)
        let cut = Driver(head: head).send(body).connect()
        cut.tell(.legHead(cut.leg, mp3)).bytes("ID3").fail()
        #expect(cut.wasAborted && !cut.hasEnded)
        #expect(cut.outcome?.record?.state == .interrupted)
        #expect(whole.problems.isEmpty && cut.problems.isEmpty, "\(whole.report) \(cut.report)")
    }

    @Test("a list of files has no body and goes to the account that has OpenAI's API")
    func files() {
        let head = ClientHead.get("/v1/files/file-1/content") { $0.authorization = "Bearer sk-mt-key" }
        let driver = Driver(head: head)
        driver.begin().tell(.clientEnd).connect()
        let request = driver.legs[driver.leg]?.request
        #expect(request?.method == .get && request?.path == "/files/file-1/content" && request?.contentType == "")
        #expect(driver.legs[driver.leg]?.target.account.rawValue == "acme")
    }

    @Test("a model without an OpenAI-compatible target is told so")
    func notThere() {
        let head = ClientHead.chat { $0.path = "/v1/moderations" }
        let claude = Target.sample("claude", dialect: .anthropicMessages)
        let driver = Driver(Setup(targets: [claude]), head: head).send(#"{"model":"gpt-test","input":"x"}"#)
        #expect(driver.response?.status == 400)
        #expect(driver.bodyText.contains("/moderations"))
    }

    @Test("a body that is no form is refused", arguments: ["", "--xy", "--xyz\r\nno head", "--xyz--"])
    func broken(body: String) {
        let head = ClientHead.chat {
            $0.path = "/v1/audio/transcriptions"
            $0.contentType = "multipart/form-data; boundary=xyz"
        }
        let driver = Driver(head: head).send(body)
        // Without any field there is no model, so that the account decides.
        let isEmpty = body.isEmpty || body == "--xyz--"
        #expect(isEmpty ? driver.legs.count == 1 : driver.response?.status == 400)
    }
}

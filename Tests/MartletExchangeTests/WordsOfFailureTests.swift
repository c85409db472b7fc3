import MartletCore
import MartletDialects
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("What servers like OpenAI's say of a failure") struct WordsOfFailureTests {
    private static let tooLong: [(status: Int, body: String)] = [
        // vLLM, its older form, and a newer sentence of it.
        (
            400,
            #"{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 9000"#
                + #" tokens (8900 in the messages, 100 in the completion).","type":"BadRequestError","param":null,"#
                + #""code":400}}"#
        ),
        (
            400,
            #"{"object":"error","message":"The decoder prompt (length 9000) is longer than the maximum model length of"#
                + #" 8192.","type":"BadRequestError","param":null,"code":400}"#
        ),
        // SGLang.
        (
            400,
            #"{"object":"error","message":"The input (61709 tokens) is longer than the model's context length (40960"#
                + #" tokens).","type":"BadRequestError","param":null,"code":400}"#
        ),
        // TGI.
        (
            422,
            #"{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9000 `inputs`"#
                + #" tokens and 100 `max_new_tokens`","error_type":"validation"}"#
        ),
        // LM Studio, Groq, Mistral, xAI.
        (
            400,
            #"{"error":"The number of tokens to keep from the initial prompt is greater than the context length"}"#
        ),
        (400, #"{"error":{"message":"Please reduce the length of the messages or completion.","type":"x"}}"#),
        (
            400,
            #"{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with"#
                + #" 32768 maximum context length","type":"invalid_request_error","param":null,"code":"3051"}"#
        ),
        (
            400,
            #"{"code":"invalid-argument","error":"This model's maximum prompt length is 131072 but the request contains"#
                + #" 140000 tokens."}"#
        ),
        // llama-server has a type for it.
        (
            400,
            #"{"error":{"code":400,"message":"the request exceeds the available context size","#
                + #""type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":8192}}"#
        ),
    ]

    @Test("a prompt that is too long goes to a target with a larger window", arguments: tooLong)
    func larger(status: Int, body: String) {
        let targets = [Target.sample("small", contextWindow: 8_192), .sample("large", contextWindow: 100_000)]
        let driver = Driver(Setup(targets: targets)).send()
        driver.connect().head(status, .json).bytes(body).end()
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.accounts == ["small", "large"] && driver.response?.status == 200, "\(driver.report)")
        let alone = Driver(Setup(targets: [targets[0], .sample("same")])).send().connect()
        alone.head(status, .json).bytes(body).end()
        #expect(alone.accounts == ["small"] && alone.response?.status == 400, "\(alone.report)")
        #expect(driver.problems.isEmpty && alone.problems.isEmpty, "\(driver.report)")
    }

    @Test("so does one that a container on SageMaker does not take")
    func sageMaker() {
        let said = #"{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens.\",\"code\":400}}"#
        let body = #"{"Message":"Received client error (400)","OriginalStatusCode":400,"OriginalMessage":"\#(said)"}"#
        let small = Target.sample("small", dialect: .sageMakerChat, contextWindow: 8_192)
        let driver = Driver(Setup(targets: [small, .sample("large", contextWindow: 100_000)])).send()
        driver.connect().head(424, .json).bytes(body).end()
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.accounts == ["small", "large"] && driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a sentence about something else is the caller's own doing still")
    func other() {
        for words in ["max_tokens must be at least 1", "Your prompt has 3 images; the model takes 1."] {
            let body = #"{"error":{"message":"\#(words)","type":"BadRequestError","param":null,"code":400}}"#
            let targets = [Target.sample("small", contextWindow: 8_192), .sample("large", contextWindow: 100_000)]
            let driver = Driver(Setup(targets: targets)).send().connect().head(400, .json)
            driver.bytes(body).end()
            #expect(driver.accounts == ["small"] && driver.response?.status == 400, "\(driver.report)")
        }
    }

    @Test("a moderator's no is about what was said, not about the gateway's key")
    func moderation() {
        let body =
            #"{"error":{"message":"anthropic/claude requires moderation. Your input was flagged","code":403,"#
            + #""metadata":{"reasons":["violence"],"flagged_input":"hello","provider_name":"Anthropic"}}}"#
        for head in [ClientHead.chat(), .messages()] {
            let driver = Driver(.pair, head: head)
            driver.send(head.path == "/v1/messages" ? Messages.body() : Chat.body())
            driver.connect().head(403, .json).bytes(body).end()
            // Nobody else is asked what one has refused for its content.
            #expect(driver.accounts == ["one"] && driver.response?.status == 400, "\(driver.report)")
            #expect(!driver.env.reports.contains { $0.kind == .auth }, "\(driver.report)")
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
        let refused = Driver(.pair).send()
        refused.connect().head(403, .json).bytes(#"{"error":{"message":"No permission","code":403}}"#).end()
        #expect(refused.accounts == ["one", "two"], "\(refused.report)")
    }

    @Test("a key that xAI does not know is the gateway's fault, and another target is asked")
    func badKey() {
        let body =
            #"{"code":"invalid-argument","error":"Incorrect API key provided: xa***34. You can obtain an API key from"#
            + #" https://console.x.ai."}"#
        let driver = Driver(.pair).send()
        driver.connect().head(400, .json).bytes(body).end()
        driver.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.accounts == ["one", "two"] && driver.response?.status == 200, "\(driver.report)")
        let alone = Driver().send()
        alone.connect().head(400, .json).bytes(body).end()
        #expect(alone.response?.status == 502 && !alone.bodyText.contains("xa***"), "\(alone.report)")
        #expect(alone.errorCode == "provider_auth_error")
    }
}

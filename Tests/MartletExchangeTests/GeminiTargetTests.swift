import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Calls of targets that speak Gemini's format") struct GeminiTargetTests {
    private static let gemini = Target.sample("google", model: "gemini-3.5-flash", dialect: .gemini)
    private static let usage =
        #""usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":3,"thoughtsTokenCount":2,"totalTokenCount":15}"#
    private static let malformed =
        #"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","index":0}],\#(usage)}"#
    private static let answer =
        #"{"candidates":[{"content":{"parts":[{"text":"Hi."}],"role":"model"},"finishReason":"STOP","index":0}],\#(usage)}"#
    private static let bareCall =
        #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"CiQB"}],"#
        + #""role":"model"},"finishReason":"STOP","index":0}]}"#
    /// What one answer with that usage costs: a micro-dollar for an input token, two for an output token.
    private static let price = NanoUSD(10 * 1_000 + 5 * 2_000)

    private func ask(_ body: String = Chat.body(), _ targets: [Target] = [gemini], random: UInt64 = 0) -> Driver {
        Driver(Setup(targets: targets), random: random).send(body).connect()
    }

    /// Ends the newest leg with bytes, and goes on to the next one, if there is one.
    private func end(_ driver: Driver, with body: String) {
        let legs = driver.accounts.count
        driver.head(200, .json).bytes(body).end()
        while driver.accounts.count == legs, driver.response == nil { driver.fireTimer() }
        if driver.response == nil { driver.connect() }
    }

    // MARK: Keys

    @Test(
        "a key that Google does not know is the gateway's trouble, in whatever words, not the caller's",
        arguments: [
            #"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}"#,
            #"{"error":{"code":400,"message":"API key expired. Please renew the API key.","status":"INVALID_ARGUMENT","#
                + #""details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#,
            #"[{"error":{"code":400,"message":"Bad key","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#,
        ],
        [false, true]
    )
    func unknownKey(body: String, isCompatible: Bool) {
        // The same host has OpenAI's chat completions, too; there is no saying without the reason.
        guard !isCompatible || body.contains("API_KEY_INVALID") else { return }
        let target = isCompatible ? Target.sample("google") : Self.gemini
        let driver = ask(Chat.body(), [target, .sample("other")]).head(400, .json).bytes(body).end()
        driver.connect().head(503, .json).bytes("{}").end()
        while driver.response == nil { driver.fireTimer() }
        #expect(driver.outcome?.attempts.first?.outcome == "auth", "\(driver.report)")
        let alone = ask(Chat.body(), [target]).head(400, .json).bytes(body).end()
        #expect(alone.response?.status == 502 && alone.bodyText.contains("provider_auth_error"), "\(alone.report)")
    }

    // MARK: What useless answers cost

    @Test("a call that the model could not write is charged with the next target's answer", arguments: [false, true])
    func malformedThenAnswer(streamed: Bool) {
        let driver = ask(Chat.body(stream: streamed), [Self.gemini, .sample("other")])
        var failed: Int64 = 0
        while driver.accounts.last == "google", failed < 8 {
            failed += 1
            if streamed {
                let legs = driver.accounts.count
                driver.head(200, .eventStream).bytes("data: \(Self.malformed)\n\n")
                while driver.accounts.count == legs, driver.response == nil { driver.fireTimer() }
                driver.connect()
            } else {
                end(driver, with: Self.malformed)
            }
        }
        #expect(driver.accounts.last == "other", "\(driver.report)")
        if streamed {
            driver.head(200, .eventStream).bytes(Chat.stream)
        } else {
            driver.head(200, .json).bytes(Chat.answer).end()
        }
        #expect(driver.response?.status == 200, "\(driver.report)")
        let alone = Driver(Setup(targets: [.sample("other")])).send(Chat.body(stream: streamed)).connect()
        if streamed {
            alone.head(200, .eventStream).bytes(Chat.stream)
        } else {
            alone.head(200, .json).bytes(Chat.answer).end()
        }
        let more = NanoUSD((driver.outcome?.cost?.rawValue ?? 0) - (alone.outcome?.cost?.rawValue ?? 0))
        #expect(more == NanoUSD(Self.price.rawValue * failed))
        #expect(driver.outcome?.usage?.reasoningTokens == 2 * failed)
        #expect(driver.outcome?.record?.usage == driver.outcome?.usage)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a call that the model could not write is charged where nobody else can answer")
    func malformedAlone() {
        let driver = ask()
        for _ in 0..<8 where driver.response == nil { end(driver, with: Self.malformed) }
        let attempts = Int64(driver.outcome?.attempts.count ?? 0)
        #expect(attempts > 0 && driver.response?.status ?? 0 >= 500, "\(driver.report)")
        #expect(driver.outcome?.usage?.inputTokens == 10 * attempts)
        #expect(driver.outcome?.usage?.outputTokens == 5 * attempts)
        #expect(driver.outcome?.cost == NanoUSD(Self.price.rawValue * attempts))
        #expect(driver.outcome?.record?.cost == driver.outcome?.cost)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test(
        "a prompt or an answer that was refused is charged",
        arguments: [
            #"{"promptFeedback":{"blockReason":"SAFETY"},\#(usage)}"#,
            #"{"candidates":[{"finishReason":"SAFETY","index":0}],\#(usage)}"#, #"{"candidates":[],\#(usage)}"#,
        ]
    )
    func refused(body: String) {
        let driver = ask().head(200, .json).bytes(body).end()
        #expect(driver.response?.status == 200)
        #expect(driver.outcome?.cost == Self.price)
        #expect(driver.outcome?.usage?.inputTokens == 10 && driver.outcome?.usage?.outputTokens == 5)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an error of an OpenAI-compatible server that tells its usage is charged, too")
    func openAI() {
        let error =
            #"{"error":{"message":"x","code":"invalid_request_error"},"#
            + #""usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}"#
        let driver = ask(Chat.body(), [.sample("one")]).head(200, .json).bytes(error).end()
        #expect(driver.response?.status == 400, "\(driver.report)")
        #expect(driver.outcome?.cost == Self.price)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    // MARK: Ids and signatures

    @Test("calls without ids get different ones for different requests")
    func ids() throws {
        func id(_ random: UInt64) -> Substring? {
            let text = ask(random: random).head(200, .json).bytes(Self.bareCall).end().bodyText
            return text.firstRange(of: #""id":"call_"#).map { text[$0.upperBound...].prefix { $0 != "\"" } }
        }
        let (one, again, other) = (try #require(id(1)), try #require(id(1)), try #require(id(2)))
        #expect(one == again && one != other)
    }

    private static func history(_ signature: String) -> String {
        #"{"model":"gpt-test","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","#
            + #""type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":"#
            + #"{"thought_signature":"\#(signature)"}}}]},{"role":"tool","tool_call_id":"a","content":"1"}]}"#
    }

    @Test(
        "a signature that the account refuses is left out once, and the caller is told",
        arguments: [
            "Thought signature is not valid",
            "Invalid value at 'contents[1].parts[0].thought_signature' (TYPE_BYTES), Base64 decoding failed for \\\"CiQB\\\"",
        ],
        ["gemini-3.5-flash", "tuned-model"]
    )
    func refusedSignature(message: String, model: String) {
        let target = Target.sample("google", model: model, dialect: .gemini)
        let driver = ask(Self.history("gemini:google:CiQB"), [target])
        #expect(driver.sentText.contains(#""thoughtSignature":"CiQB""#))
        let refusal = #"{"error":{"code":400,"message":"\#(message)","status":"INVALID_ARGUMENT"}}"#
        driver.head(400, .json).bytes(refusal).end().connect()
        #expect(driver.accounts == ["google", "google"])
        #expect(driver.sentText.contains(#""thoughtSignature":"skip_thought_signature_validator""#))
        #expect(!driver.sentText.contains("CiQB"))
        driver.head(200, .json).bytes(Self.answer).end()
        #expect(driver.response?.status == 200)
        #expect(driver.field("x-gateway-dropped")?.contains("messages[1].tool_calls[0].extra_content") == true)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a call whose signature is missed gets what stands for one, whatever the model is called")
    func missedSignature() {
        let target = Target.sample("google", model: "tuned-model", dialect: .gemini)
        let driver = ask(Self.history("gemini:elsewhere:CiQB"), [target])
        #expect(!driver.sentText.contains("thoughtSignature"))
        let refusal =
            #"{"error":{"code":400,"message":"Function call is missing a thought_signature in functionCall parts.","#
            + #""status":"INVALID_ARGUMENT"}}"#
        driver.head(400, .json).bytes(refusal).end().connect()
        #expect(driver.sentText.contains(#""thoughtSignature":"skip_thought_signature_validator""#))
        driver.head(400, .json).bytes(refusal).end()
        #expect(driver.response?.status == 400 && driver.bodyText.contains("is missing a thought_signature"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}

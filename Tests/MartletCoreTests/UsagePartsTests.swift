import MartletCore
import Testing

@Suite("Parts of a usage") struct UsagePartsTests {
    @Test("each token stands in one part")
    func parts() {
        var usage = Usage(
            inputTokens: 100,
            outputTokens: 50,
            cacheReadTokens: 40,
            cacheWriteTokens: 30,
            cacheWrite1hTokens: 10,
            reasoningTokens: 20
        )
        (usage.audioInputTokens, usage.imageInputTokens) = (5, 4)
        (usage.audioOutputTokens, usage.imageOutputTokens) = (3, 2)
        let parts = UsageParts(usage)
        #expect([parts.freshInput, parts.cacheRead, parts.cacheWrite5m, parts.cacheWrite1h] == [21, 40, 20, 10])
        #expect([parts.audioInput, parts.imageInput] == [5, 4])
        #expect([parts.output, parts.reasoning, parts.audioOutput, parts.imageOutput] == [25, 20, 3, 2])
    }

    @Test("whatever is claimed, no part is negative and the parts add up to the totals")
    func claims() {
        // A linear congruential sequence (Knuth's MMIX constants), so that a failure can be repeated.
        var state: UInt64 = 7
        func count() -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 33) % 220 - 20
        }
        func maybe() -> Int64? { count() > 90 ? count() : nil }
        for _ in 0..<2_000 {
            var usage = Usage(
                inputTokens: count(),
                outputTokens: count(),
                cacheReadTokens: maybe(),
                cacheWriteTokens: maybe(),
                cacheWrite1hTokens: maybe(),
                reasoningTokens: maybe()
            )
            (usage.audioInputTokens, usage.imageInputTokens) = (count(), count())
            (usage.audioOutputTokens, usage.imageOutputTokens) = (count(), count())
            let parts = UsageParts(usage)
            #expect(parts.inputTotal == max(0, usage.inputTokens) && parts.outputTotal == max(0, usage.outputTokens))
            let all = [
                parts.freshInput, parts.cacheRead, parts.cacheWrite5m, parts.cacheWrite1h, parts.audioInput,
                parts.imageInput, parts.output, parts.reasoning, parts.audioOutput, parts.imageOutput,
            ]
            #expect(all.allSatisfy { $0 >= 0 })
        }
    }
}

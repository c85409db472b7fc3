import Testing

@testable import MartletCommand

@Suite struct PromptInputTests {
    @Test(
        arguments: [
            ("ask", nil, "ask"), ("ask", "", "ask"), (nil, "piped\n", "piped"), (nil, "two\nlines\r\n", "two\nlines"),
            ("ask", "piped\n", "ask\npiped"), ("", "piped", "piped"), (nil, "kept\n\n", "kept\n"),
        ] as [(String?, String?, String)]
    )
    func `stdin is the prompt, or is appended to it`(flag: String?, input: String?, expected: String) throws {
        #expect(try PromptInput.combine(flag: flag, input: input.map { Array($0.utf8) }) == expected)
    }

    @Test(arguments: [(nil, nil), ("", nil), (nil, ""), (" ", "\n")] as [(String?, String?)])
    func `no text at all is a usage error`(flag: String?, input: String?) {
        let error = #expect(throws: CommandFailure.self) {
            try PromptInput.combine(flag: flag, input: input.map { Array($0.utf8) })
        }
        #expect(error?.status == .usage)
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        let error = #expect(throws: CommandFailure.self) { try PromptInput.combine(flag: "ask", input: [0xFF, 0xFE]) }
        #expect(error?.status == .usage)
    }
}

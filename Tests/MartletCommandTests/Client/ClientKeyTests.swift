import Testing

@testable import MartletCommand

@Suite struct ClientKeyTests {
    private let both = ["MARTLET_API_KEY": "own", "GATEWAY_API_KEY": "shared"]

    @Test func `the flag wins over stdin, stdin over the variables, the command's own variable over the gateway's`()
        throws
    {
        let flag = try ClientKey.find(flag: "flag", input: "input", environment: both)
        #expect(flag?.authorization == "Bearer flag")
        let input = try ClientKey.find(flag: nil, input: "input\n", environment: both)
        #expect(input?.authorization == "Bearer input")
        let own = try ClientKey.find(flag: nil, input: nil, environment: both)
        #expect(own?.authorization == "Bearer own")
        let shared = try ClientKey.find(
            flag: nil,
            input: nil,
            environment: ["MARTLET_API_KEY": "", "GATEWAY_API_KEY": "shared"]
        )
        #expect(shared?.authorization == "Bearer shared")
        #expect(try ClientKey.find(flag: nil, input: nil, environment: [:]) == nil)
    }

    @Test(arguments: ["", "  ", "two words", "line\r\nx-admin: 1", "schlüssel"])
    func `a key that no header field can hold is a usage error that does not show it`(text: String) throws {
        let error = #expect(throws: CommandFailure.self) {
            try ClientKey.find(flag: text, input: nil, environment: [:])
        }
        #expect(error?.status == .usage)
        #expect(error?.message == "the key of --key is empty or has characters that no key has")
    }

    @Test func `a key does not show when it is printed`() throws {
        let key = try #require(ClientKey("sk-mt-secret"))
        #expect(!"\(key)".contains("secret"))
        #expect(!String(reflecting: key).contains("secret"))
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("secret"))
    }
}

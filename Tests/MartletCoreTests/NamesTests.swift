import MartletCore
import Testing

@Suite("Names") struct NamesTests {
    @Test("are compared by their bytes, never by how they look")
    func bytes() {
        #expect(ModelName("caf\u{e9}") != ModelName("cafe\u{301}"))
        #expect(AccountName("caf\u{e9}") != AccountName("cafe\u{301}"))
        #expect(Set([ModelName("a"), ModelName("a"), ModelName("A")]).count == 2)
    }

    @Test("a target is what account, model and place of the credential say")
    func targets() {
        let id = TargetID(account: AccountName("a"), upstreamModel: "m", credentialLocation: "env::K")
        #expect(id.description == "a|m|env::K")
    }

    @Test("privacy classes are ordered from loose to tight")
    func privacy() { #expect(PrivacyClass.open < .localOnly) }

    @Test(
        "tokens are estimated as a quarter of the bytes, rounded up",
        arguments: [(0, 0), (1, 1), (4, 1), (5, 2), (-3, 0)]
    )
    func estimate(bytes: Int, tokens: Int64) { #expect(Usage.estimatedTokens(textBytes: bytes) == tokens) }
}

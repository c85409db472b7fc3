import MartletCore
import MartletGovernance
import Testing

@Suite("Principal") struct PrincipalTests {
    @Test(
        "reads scopes by name",
        arguments: [
            ("inference", ["inference"]), ("admin", ["admin"]), ("admin,inference", ["inference", "admin"]),
            ("inference, admin", ["inference", "admin"]), ("inference,inference", ["inference"]),
        ]
    )
    func scopes(names: String, expected: [String]) { #expect(Scopes(names: names)?.names == expected) }

    @Test(
        "takes no unknown scope and no empty list",
        arguments: ["", ",", "root", "inference,root", "Admin", "inference;admin"]
    )
    func refused(names: String) { #expect(Scopes(names: names) == nil) }

    @Test("the caller of an open gateway may call models and nothing else")
    func anonymous() {
        #expect(Principal.anonymous.scopes == .inference)
        #expect(Principal.anonymous.key.rawValue == "none")
    }
}

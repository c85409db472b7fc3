import MartletCore
import Testing

@testable import MartletProviders

@Suite("Profiles of AWS's files") struct AWSProfilesTests {
    private func profile(_ name: String, config: String = "", credentials: String = "") -> AWSProfile {
        let (config, credentials) = (INIFile(Array(config.utf8)), INIFile(Array(credentials.utf8)))
        return AWSProfiles(config: config, credentials: credentials).profile(name)
    }

    @Test(
        "only the default profile stands without the word before its name, and only in the configuration file with it"
    )
    func names() {
        let text =
            "[default]\nregion = a-1\n[dev]\nregion = b-1\n[profile dev]\nregion = c-1\n[profile]\nregion = d-1\n"
        #expect(profile("default", config: text).region == "a-1")
        #expect(profile("dev", config: text).region == "c-1")
        #expect(profile("dev", credentials: text).region == "b-1")
        #expect(!profile("profile", config: text).isThere && profile("profile dev", credentials: text).isThere)
        #expect(!profile("no", config: text, credentials: text).isThere)
    }

    @Test("names with blanks are quoted as in a shell", arguments: [#"profile "my  prof""#, #"profile my\ \ prof"#])
    func quotes(header: String) {
        let found = profile("my  prof", config: "[ \(header) ]\nregion = a-1\n")
        #expect(found.isThere && found.region == "a-1")
        #expect(profile("my  prof", credentials: "[my  prof]\nregion = b-1\n").region == "b-1")
        #expect(!profile("my", config: "[profile \"my]\n").isThere)
    }

    @Test("a profile of both files has the keys of both, and the credentials file wins; keys that sign are told apart")
    func merged() {
        let config = """
            [profile dev]
            region = a-1
            role_arn = arn:aws:iam::1:role/r
            aws_access_key_id = CONF
            aws_secret_access_key = s
            """
        let credentials = "[dev]\nregion = b-1\nsource_profile = base\naws_access_key_id = CRED\n"
        let found = profile("dev", config: config, credentials: credentials)
        #expect(found.region == "b-1" && found.role?.sourceProfile == "base" && found.hasKeyMembers)
        #expect(found.keys == .fault("aws_access_key_id without aws_secret_access_key"))
        #expect(found.configKeys == .whole(AWSKeys(accessKeyID: "CONF", secretAccessKey: Secret("s"))))
    }

    @Test("a sign-on has its address in a section of its own, or in the profile")
    func signOn() throws {
        let session = "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example.com/start\n"
        let role = "sso_account_id = 1\nsso_role_name = r\n"
        let named = try #require(
            profile("dev", config: "\(session)[profile dev]\nsso_session = corp\n\(role)").singleSignOn
        )
        #expect(named.region == "eu-west-1" && named.account == "1" && named.role == "r")
        // sha1("corp")
        #expect(named.tokenFileName == "ee0bfd2552fbd840c02cc48b6e823320543c450f.json")
        let own = "[profile dev]\nsso_region = eu-west-1\nsso_start_url = https://corp.example.com/start\n\(role)"
        let found = try #require(profile("dev", config: own).singleSignOn)
        #expect(found.session == nil && found.startURL == "https://corp.example.com/start")
    }

    @Test(
        "a sign-on that is not whole is said to be so",
        arguments: [
            (
                "sso_session = none\nsso_account_id = 1",
                "sso_session none, but the configuration file has no such section"
            ),
            ("sso_session = corp\nsso_account_id = 1", "a sign-on without sso_role_name"),
            ("sso_session = corp\nsso_region = b-1\nsso_role_name = r", "another sso_region than its sso_session corp"),
            ("sso_start_url = u\nsso_role_name = r", "a sign-on without sso_region, sso_account_id"),
        ]
    )
    func faults(lines: String, fault: String) {
        let session = "[sso-session corp]\nsso_region = a-1\nsso_start_url = u\n"
        let found = profile("dev", config: "\(session)[profile dev]\n\(lines)\n")
        #expect(found.singleSignOn == nil && found.singleSignOnFault == fault)
    }

    @Test("hosts of AWS end as their partition's do")
    func partitions() {
        #expect(AWSCredentialChain.domain(of: "eu-central-1") == "amazonaws.com")
        #expect(AWSCredentialChain.domain(of: "us-gov-west-1") == "amazonaws.com")
        #expect(AWSCredentialChain.domain(of: "cn-north-1") == "amazonaws.com.cn")
        #expect(AWSCredentialChain.domain(of: "us-isob-east-1") == "sc2s.sgov.gov")
    }
}

@Suite("Words of a command") struct ShellWordsTests {
    @Test(
        "a line is split as a POSIX shell would, and nothing in it is run",
        arguments: [
            ("a  b\tc", ["a", "b", "c"]), ("", []), ("''", [""]), (#"a"b c"'d e'"#, ["ab cd e"]),
            (#"a\ b \'"#, ["a b", "'"]), (#""a\"b\\c\d\$e""#, [#"a"b\c\d\$e"#]), (#"'a\b'"#, [#"a\b"#]),
            ("$(id) `id` $HOME ~ * a;b|c", ["$(id)", "`id`", "$HOME", "~", "*", "a;b|c"]), ("a #b", ["a", "#b"]),
            ("'a", nil), (#"a""#, nil), (#"a\"#, nil), ("é 'ü x'", ["é", "ü x"]),
        ] as [(String, [String]?)]
    )
    func split(line: String, words: [String]?) { #expect(ShellWords.split(line) == words) }
}

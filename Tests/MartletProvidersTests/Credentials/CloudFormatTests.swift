import MartletCore
import MartletProviders
import Testing

@Suite("Small formats of cloud credentials") struct CloudFormatTests {
    @Test("sections and keys are read as AWS's clients read them")
    func ini() {
        let file = INIFile(
            Array(
                """
                # a comment
                orphan = lost
                [default]
                AWS_Access_Key_ID = AK  ; behind a blank
                aws_secret_access_key=a=b#c;d
                  region = indented lines belong to the key above
                empty =
                nothing here
                [ profile   dev ]
                \tregion=x
                region = eu-west-1\r
                region = eu-west-2
                [broken
                region = lost
                [default]
                region = us-east-1
                """.utf8
            )
        )
        #expect(Set(file.sections.keys) == ["default", "profile   dev"])
        #expect(
            file.sections["default"] == [
                "aws_access_key_id": "AK", "aws_secret_access_key": "a=b#c;d", "empty": "", "region": "us-east-1",
            ]
        )
        #expect(file.sections["profile   dev"] == ["region": "eu-west-2"])
    }

    @Test(
        "times are read with fractions and offsets, and nothing else is a time",
        arguments: [
            ("2026-01-02T03:04:05Z", 1_767_323_045), ("2026-01-02T03:04:05.678Z", 1_767_323_045),
            ("2026-01-02T05:04:05+02:00", 1_767_323_045), ("2026-01-01T22:34:05-04:30", 1_767_323_045),
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T00:00:00Z", 951_782_400), ("2026-01-02T03:04:05", nil),
            ("2026-13-02T03:04:05Z", nil), ("2026-01-02T24:04:05Z", nil), ("2026-01-02T03:04:05Zx", nil), ("", nil),
            ("2026-01-02T03:04:05+0200", nil), ("9999-12-31T23:59:59Z", 253_402_300_799), ("٢٠26-01-02T03:04:05Z", nil),
        ] as [(String, Int64?)]
    )
    func times(text: String, seconds: Int64?) { #expect(UTCTime.unixSeconds(text) == seconds) }

    @Test("the text of an element is found, its references decoded, and markup in it is none")
    func xml() {
        let text = XMLText(Array("<A><B>x &amp;&lt;&gt;&quot;&apos;</B><C><D/></C><E></E><F>&#65;</F><G>open".utf8))
        #expect(text.text(of: "B") == "x &<>\"'" && text.text(of: "E") == "")
        for name in ["C", "F", "G", "H", "A"] { #expect(text.text(of: name) == nil, "\(name)") }
    }

    @Test("keys that could break a header are refused, and so is an answer that is an error")
    func keys() {
        for body in [
            #"{"AccessKeyId":"A","SecretAccessKey":"s","Token":"a\r\nx: y"}"#,
            #"{"AccessKeyId":"","SecretAccessKey":"s"}"#,
            #"{"AccessKeyId":"A"}"#,
            #"{"Code":"AssumeRoleUnauthorizedAccess","AccessKeyId":"A","SecretAccessKey":"s"}"#,
            "[]", "", "nonsense",
        ] {
            let reply = CredentialReply(status: 200, body: Array(body.utf8))
            #expect(throws: CredentialFailure.self) { try AWSKeyCalls.keys(reply, of: "there") }
        }
        let refused = CredentialReply(status: 500, body: [])
        #expect(throws: CredentialFailure.self) { try AWSKeyCalls.keys(refused, of: "there") }
    }

    @Test("tokens that could break a header are refused; a life of any length is bounded")
    func tokens() throws {
        func token(_ body: String, status: Int = 200) throws(CredentialFailure) -> FetchedCredential {
            try OAuthTokens.token(
                in: CredentialReply(status: status, body: Array(body.utf8)),
                of: "there",
                unixSeconds: 1_000
            )
        }
        for body in [#"{"access_token":"a\nb"}"#, #"{"access_token":""}"#, #"{"access_token":7}"#, "{}", "", "null"] {
            #expect(throws: CredentialFailure.self) { try token(body) }
        }
        #expect(try token(#"{"access_token":"t","expires_in":-5}"#).expires == 1_000)
        #expect(try token(#"{"access_token":"t","expires_in":9e99}"#).expires == 1_300)
        #expect(try token(#"{"access_token":"t","expires_in":9223372036854775807}"#).expires == 605_800)
        #expect(try token(#"{"access_token":"t"}"#).expires == 1_300)
        #expect(throws: CredentialFailure("there answers 400 (bad: two lines  and more)", .refused)) {
            try token(#"{"error":"bad","error_description":"two lines\r\nand more"}"#, status: 400)
        }
    }
}

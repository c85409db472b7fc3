import MartletCore
import Testing

@testable import MartletProviders

@Suite("Assertions of Google service accounts") struct GoogleTokenTests {
    private static let scope = "https://www.googleapis.com/auth/cloud-platform"

    private static func account(key: String = "no key", id: String? = "abc123") -> GoogleServiceAccount {
        GoogleServiceAccount(
            email: "svc@proj.iam.gserviceaccount.com",
            privateKey: Secret(key),
            keyID: id,
            // Where the file says that tokens are given does not show in what is signed.
            tokenURL: "https://elsewhere.example.com/token"
        )
    }

    @Test("what is signed is byte for byte what Google's documentation asks for")
    func signingInput() {
        let input = GoogleTokenCalls.signingInput(of: Self.account(), scope: Self.scope, unixSeconds: 1_790_000_000)
        let expected =
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6ImFiYzEyMyJ9."
            + "eyJpYXQiOjE3OTAwMDAwMDAsImV4cCI6MTc5MDAwMzYwMCwiaXNzIjoic3ZjQHByb2ouaWFtLmdzZXJ2aWNlYWNjb3VudC5jb20i"
            + "LCJhdWQiOiJodHRwczovL29hdXRoMi5nb29nbGVhcGlzLmNvbS90b2tlbiIsInNjb3BlIjoiaHR0cHM6Ly93d3cuZ29vZ2xlYXBp"
            + "cy5jb20vYXV0aC9jbG91ZC1wbGF0Zm9ybSJ9"
        #expect(input == expected)
    }

    @Test("a key that is none is an error that does not show it")
    func badKey() {
        for key in ["", "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----", "secret-material"] {
            do {
                _ = try GoogleTokenCalls.token(of: Self.account(key: key), scope: Self.scope, unixSeconds: 0)
                Issue.record("\(key) signs")
            } catch {
                #expect(error.reason.contains("svc@proj") && !error.reason.contains("secret-material"))
            }
        }
    }

    @Test("files of other kinds are named, files of no kind refused")
    func files() {
        for (text, word) in [
            ("{", "is not JSON"), ("[]", "has no type"), (#"{"type":"gdch_service_account"}"#, "gdch_service_account"),
            (#"{"type":"external_account"}"#, "audience"),
            (
                #"{"type":"external_account","audience":"a","subject_token_type":"t","credential_source":{}}"#,
                "file and url"
            ),
            (
                #"{"type":"external_account","audience":"a","subject_token_type":"t","#
                    + #""credential_source":{"environment_id":"aws1","url":"https://x"}}"#, "environment_id"
            ),
            (#"{"type":"impersonated_service_account"}"#, "service_account_impersonation_url"),
            (
                #"{"type":"impersonated_service_account","service_account_impersonation_url":"https://x","#
                    + #""source_credentials":{"type":"impersonated_service_account"}}"#, "source_credentials"
            ),
            (#"{"type":"service_account","client_email":"a"}"#, "private_key"),
            (#"{"type":"authorized_user","client_id":"a"}"#, "refresh_token"), (#"{"type":7}"#, "has no type"),
        ] {
            do {
                _ = try GoogleCredentialFile(Array(text.utf8), from: "file /f")
                Issue.record("\(text) was accepted")
            } catch {
                #expect(error.reason.contains(word) && error.reason.contains("file /f"), "\(error.reason)")
            }
        }
    }

    @Test(
        "base64url has no padding and two letters of its own",
        arguments: [
            ([], ""), ([0xFB], "-w"), ([0xFB, 0xFF], "-_8"), ([0xFB, 0xFF, 0xBF], "-_-_"), ([0, 0, 0, 0], "AAAAAA"),
        ] as [([UInt8], String)]
    )
    func base64(bytes: [UInt8], text: String) { #expect(Base64URL.encoded(bytes) == text) }
}

import MartletCore
import MartletProviders
import Testing

@Suite("AWS Signature Version 4") struct SigV4Tests {
    private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    private static let body = Array(#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#.utf8)
    /// 2026-01-02T03:04:05Z.
    private static let time: Int64 = 1_767_323_045

    /// Requests whose signatures were computed with the vendor's own signer.
    struct Row: CustomTestStringConvertible {
        var name: String
        var path = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
        var token: String?
        var region = "us-east-1"
        var service = "bedrock"
        var host = "bedrock-runtime.us-east-1.amazonaws.com"
        var signature: String
        var testDescription: String { name }
    }

    @Test(
        "signs as the vendor's own client does",
        arguments: [
            Row(
                name: "long-term key",
                signature: "50dee857b7fcd23d29a974a9e2e5cc7925800108e2836ebeab09a97e48db9786"
            ),
            Row(
                name: "session token",
                token: "FwoGZXIvYXdzEXAMPLETOKEN==",
                signature: "d9acea5eace5a74d4b650ccf00a32d6ddf8e61bdd011f5572e17a9d5f13a7323"
            ),
            Row(
                name: "an ARN in one segment",
                path: "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc123"
                    + "/converse",
                signature: "776cfb256feb491c2092b92a9b8e488aa0029ea3f946a1aad65f787890767ba1"
            ),
            Row(
                name: "a colon as it is",
                path: "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/converse",
                signature: "53c09789072b31bd99be0513ed83672c55252a6ec3b624b9bcaa0ef04ee02889"
            ),
            Row(
                name: "another service",
                path: "/endpoints/my-ep/invocations-response-stream",
                region: "us-west-2",
                service: "sagemaker",
                host: "runtime.sagemaker.us-west-2.amazonaws.com",
                signature: "3d96d581d51633a1cc50774a4101c39b89d844232a10fd1f4d4b43a6dd1b40a1"
            ),
        ]
    )
    func vectors(row: Row) {
        let keys = AWSKeys(
            accessKeyID: "AKIDEXAMPLE",
            secretAccessKey: Secret(Self.secret),
            sessionToken: row.token.map { Secret($0) }
        )
        let signer = SigV4Signer(keys: keys, region: row.region, service: row.service)
        // The second time with the day's key from before.
        for _ in 0..<2 {
            let added = signer.sign(
                method: "POST",
                target: row.path,
                fields: [.init("content-type", "application/json"), .init("host", row.host)],
                payloadHash: PayloadHash.digits(of: Self.body),
                unixSeconds: Self.time
            )
            let names = "content-type;host;x-amz-date" + (row.token == nil ? "" : ";x-amz-security-token")
            let scope = "20260102/\(row.region)/\(row.service)/aws4_request"
            var expected: [SigV4CanonicalRequest.Field] = [.init("x-amz-date", "20260102T030405Z")]
            if let token = row.token { expected.append(.init("x-amz-security-token", token)) }
            expected.append(
                .init(
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\(scope), SignedHeaders=\(names), "
                        + "Signature=\(row.signature)"
                )
            )
            #expect(added == expected)
        }
    }

    @Test("the key of another day is another one, whatever was signed before")
    func anotherDay() {
        let keys = AWSKeys(accessKeyID: "A", secretAccessKey: Secret("s"))
        func sign(_ signer: SigV4Signer, _ time: Int64) -> [SigV4CanonicalRequest.Field] {
            signer.sign(method: "GET", target: "/", fields: [.init("host", "h")], payloadHash: [], unixSeconds: time)
        }
        let signer = SigV4Signer(keys: keys, region: "r", service: "s")
        for day: Int64 in [0, 1, 0, 20_000, 1] {
            let fresh = SigV4Signer(keys: keys, region: "r", service: "s")
            #expect(sign(signer, day * 86_400 + 7) == sign(fresh, day * 86_400 + 7))
        }
    }

    @Test(
        "times are written in UTC, and stay within the years that have four digits",
        arguments: [
            (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"), (951_782_400, "20000229T000000Z"),
            (1_767_323_045, "20260102T030405Z"), (-5, "19700101T000000Z"), (Int64.max, "99991231T235959Z"),
        ]
    )
    func times(seconds: Int64, text: String) { #expect(SigV4Time(unixSeconds: seconds).text == text) }
}

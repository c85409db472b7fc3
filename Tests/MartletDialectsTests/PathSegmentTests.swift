import MartletDialects
import Testing

@Suite("Path segments") struct PathSegmentTests {
    @Test(
        "A model's name stays one segment of the path",
        arguments: [
            ("gemini-2.5-pro", "gemini-2.5-pro"),
            ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku-20240307-v1%3A0"),
            (
                "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x",
                "arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Aapplication-inference-profile%2Fx"
            ),
            ("../admin?x=1#y", "..%2Fadmin%3Fx%3D1%23y"), ("a b%é", "a%20b%25%C3%A9"), ("", ""),
        ]
    )
    func staysOneSegment(_ name: String, _ expected: String) {
        #expect(PathSegment.encoded(name) == expected)
    }
}

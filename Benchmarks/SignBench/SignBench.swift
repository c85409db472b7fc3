import MartletCore
import MartletProviders

/// Measures AWS signatures by themselves; prints one JSON object: microseconds a request, by the size of its body.
@main
struct SignBench {
    static func main() {
        let token = Secret(String(repeating: "FwoGZXIvYXdzEXAMPLETOKEN", count: 40))
        let keys = AWSKeys(
            accessKeyID: "AKIDEXAMPLE",
            secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG"),
            sessionToken: token
        )
        let signer = SigV4Signer(keys: keys, region: "us-east-1", service: "bedrock")
        let fields = [("1k", 1 << 10), ("16k", 16 << 10), ("256k", 256 << 10)].map { name, size in
            "\"\(name)\":\(best(signer, [UInt8](repeating: 0x61, count: size)))"
        }
        print("{" + fields.joined(separator: ",") + "}")
    }

    /// Microseconds to hash a body and sign its request, the best of many rounds.
    private static func best(_ signer: SigV4Signer, _ body: [UInt8]) -> Double {
        var best = Double.infinity
        let count = max(10, min(1_000, 4_000_000 / body.count))
        for round in 0..<40 {
            let began = ContinuousClock.now
            for index in 0..<count {
                let added = signer.sign(
                    method: "POST",
                    target: "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream",
                    fields: [
                        .init("host", "bedrock-runtime.us-east-1.amazonaws.com"),
                        .init("content-type", "application/json"),
                    ],
                    payloadHash: PayloadHash.digits(of: body),
                    unixSeconds: 1_767_323_045 + Int64(round &+ index) % 60
                )
                precondition(added.count == 3)
            }
            let time = (ContinuousClock.now - began).components
            let microseconds = Double(time.seconds) * 1e6 + Double(time.attoseconds) / 1e12
            best = min(best, microseconds / Double(count))
        }
        return best
    }
}

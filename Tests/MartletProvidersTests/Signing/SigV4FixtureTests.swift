import Foundation
import MartletCore
import MartletProviders
import Testing

@Suite("Requests that botocore signed") struct SigV4FixtureTests {
    /// A request of the file that `scripts/sigv4-fixtures.py` makes.
    private struct Row: Decodable {
        var method: String
        var target: String
        var fields: [[String]]
        var body: String
        var unixSeconds: Int64
        var region: String
        var service: String
        var accessKey: String
        var secretKey: String
        var token: String?
        var date: String
        var authorization: String
    }

    private static func rows() throws -> [Row] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/sigv4.json"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode([Row].self, from: data)
    }

    @Test("hundreds of odd paths, queries, fields, bodies and tokens are signed as botocore signs them")
    func signed() throws {
        let rows = try Self.rows()
        #expect(rows.count >= 700)
        for (index, row) in rows.enumerated() {
            let keys = AWSKeys(
                accessKeyID: row.accessKey,
                secretAccessKey: Secret(row.secretKey),
                sessionToken: row.token.map { Secret($0) }
            )
            let added = SigV4Signer(keys: keys, region: row.region, service: row.service).sign(
                method: row.method,
                target: row.target,
                fields: row.fields.map { SigV4CanonicalRequest.Field($0[0], $0[1]) },
                payloadHash: PayloadHash.digits(of: Array(try #require(Data(base64Encoded: row.body)))),
                unixSeconds: row.unixSeconds
            )
            var expected: [SigV4CanonicalRequest.Field] = [.init("x-amz-date", row.date)]
            if let token = row.token { expected.append(.init("x-amz-security-token", token)) }
            expected.append(.init("authorization", row.authorization))
            #expect(added == expected, "row \(index): \(row.method) \(row.target) \(row.fields)")
        }
    }
}

import Foundation
import MartletCore
import MartletGovernance
import MartletStore
import Testing

@testable import MartletServer

@Suite("Key routes", .timeLimit(.minutes(1)))
struct KeysRouteTests {
    @Test("makes a key, shows its text once, lists and revokes it")
    func life() async throws {
        let bench = try AdminBench()
        let body = #"""
            {"name":"ci","scopes":["inference","admin"],"expires_at":"2027-01-31T00:00:00Z","max_concurrency":3}
            """#
        let made = try await bench.send("POST", "/admin/keys", body: body)
        #expect(made.status == 201)
        let text = try #require(made.object["key"] as? String)
        let id = try #require(made.object["id"] as? String)
        #expect(text.hasPrefix("sk-mt-\(id)-"))
        let members: Set = ["id", "key", "name", "prefix", "last4", "scopes", "created_at", "expires_at"]
        #expect(Set(made.object.keys) == members)
        #expect(made.object["scopes"] as? [String] == ["inference", "admin"])
        #expect(made.object["created_at"] as? String == "2026-11-20T12:00:00Z")
        #expect(try bench.keys.list().first?.maxConcurrency == 3)

        let list = try await bench.send("GET", "/admin/keys")
        #expect(!list.text.contains(text))
        let rows = try #require(list.object["data"] as? [[String: Any]])
        #expect(rows.map { $0["id"] as? String } == [id])
        #expect(rows.first?["revoked_at"] is NSNull)

        let revoked = try await bench.send("DELETE", "/admin/keys/\(id)")
        #expect(revoked.status == 200)
        #expect(revoked.object["revoked_at"] as? String == "2026-11-20T12:00:00Z")
        let shown = try await bench.send("GET", "/admin/keys/\(id)")
        #expect(shown.text == revoked.text)
    }

    @Test("makes a key for inference when nothing is said", arguments: ["", "{}", #"{"scopes":null,"name":null}"#])
    func defaults(body: String) async throws {
        let answer = try await AdminBench().send("POST", "/admin/keys", contentType: nil, body: body)
        #expect(answer.status == 201)
        #expect(answer.object["scopes"] as? [String] == ["inference"])
        #expect(answer.object["expires_at"] is NSNull)
    }

    @Test("never makes a key that may do more than its maker")
    func subset() async throws {
        let bench = try AdminBench()
        let onlyAdmin = Principal(key: APIKeyID("abcdefghijkl"), scopes: [.admin])
        let both = #"{"scopes":["inference","admin"]}"#
        let wider = try await bench.send("POST", "/admin/keys", body: both, as: onlyAdmin)
        #expect(wider.status == 403 && wider.code == "forbidden" && wider.param == "scopes")
        #expect(try await bench.send("POST", "/admin/keys", body: "{}", as: onlyAdmin).status == 403)
        #expect(try bench.keys.list().isEmpty)
        let equal = try await bench.send("POST", "/admin/keys", body: #"{"scopes":["admin"]}"#, as: onlyAdmin)
        #expect(equal.status == 201)
        let operatorKey = Principal(key: .admin, scopes: [.admin])
        #expect(try await bench.send("POST", "/admin/keys", body: "{}", as: operatorKey).status == 201)
    }

    @Test(
        "refuses bodies that are wrong and says where",
        arguments: [
            (#"{"nmae":"x"}"#, "nmae"), (#"{"name":7}"#, "name"), (#"{"name":"a\u0000b"}"#, "name"),
            (#"{"scopes":"admin"}"#, "scopes"), (#"{"scopes":[]}"#, "scopes"), (#"{"scopes":["root"]}"#, "scopes[0]"),
            (#"{"scopes":["inference","inference,admin"]}"#, "scopes[1]"),
            (#"{"expires_at":"tomorrow"}"#, "expires_at"), (#"{"expires_at":"2026-11-20T12:00:00Z"}"#, "expires_at"),
            (#"{"max_concurrency":-1}"#, "max_concurrency"),
            (#"{"max_concurrency":1.5}"#, "max_concurrency"), ("[]", nil),
        ] as [(String, String?)]
    )
    func badBodies(body: String, param: String?) async throws {
        let bench = try AdminBench()
        let answer = try await bench.send("POST", "/admin/keys", body: body)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_value")
        #expect(answer.param == param)
        #expect(try bench.keys.list().isEmpty)
    }

    @Test("refuses what is no JSON", arguments: ["{", "{}{}", #"{"name":"a","name":"b"}"#, "\u{FEFF}{}"])
    func noJSON(body: String) async throws {
        let answer = try await AdminBench().send("POST", "/admin/keys", body: body)
        #expect(answer.status == 400 && answer.code == "invalid_json")
    }

    @Test("takes JSON, a form type or none, and no other type")
    func mediaTypes() async throws {
        let bench = try AdminBench()
        for type in ["application/json; charset=utf-8", "application/x-www-form-urlencoded", "application/vnd.x+json"] {
            #expect(try await bench.send("POST", "/admin/keys", contentType: type, body: "{}").status == 201)
        }
        for type in ["text/plain", "multipart/form-data; boundary=x"] {
            let answer = try await bench.send("POST", "/admin/keys", contentType: type, body: "{}")
            #expect(answer.status == 415 && answer.code == "unsupported_media_type")
        }
    }

    @Test("knows no other keys", arguments: ["zzzzzzzzzzzz", "static", "admin", "x"])
    func unknown(id: String) async throws {
        let bench = try AdminBench()
        #expect(try await bench.send("DELETE", "/admin/keys/\(id)").status == 404)
        #expect(try await bench.send("GET", "/admin/keys/\(id)").status == 404)
    }
}

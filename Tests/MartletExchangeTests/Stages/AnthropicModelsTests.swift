import MartletCore
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Models for Anthropic's clients") struct AnthropicModelsTests {
    private func ask(_ path: String, query: String? = nil, version: Bool = true) -> Driver {
        var setup = Setup()
        setup.listed = ["a", "b/c", "d"].map { ListedModel(id: $0, created: 1, ownedBy: "one") }
        let head = ClientHead.get(path) {
            $0.authorization = "Bearer k"
            $0.query = query
            if version { $0.vendorFields = [HeaderField(name: "anthropic-version", value: "2023-06-01")] }
        }
        return Driver(setup, head: head).begin()
    }

    @Test("the list has their shape where they say who they are, and at their own mount")
    func list() {
        for driver in [ask("/v1/models"), ask("/anthropic/v1/models", version: false), ask("/ai/v1/models/")] {
            #expect(driver.response?.status == 200)
            #expect(driver.bodyText.hasPrefix(#"{"data":[{"type":"model","id":"a","display_name":"a","#))
            #expect(driver.bodyText.hasSuffix(#""first_id":"a","has_more":false,"last_id":"d"}"#))
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
        #expect(ask("/v1/models", version: false).bodyText == #"{"id":"*"}"#)
    }

    @Test("pages follow each other")
    func pages() {
        let first = ask("/v1/models", query: "beta=true&limit=2")
        #expect(first.bodyText.hasSuffix(#""first_id":"a","has_more":true,"last_id":"b/c"}"#))
        let second = ask("/v1/models", query: "limit=2&after_id=b%2Fc")
        #expect(second.bodyText.hasSuffix(#""first_id":"d","has_more":false,"last_id":"d"}"#))
        let wrong = ask("/v1/models", query: "limit=0")
        #expect(wrong.response?.status == 400)
        #expect(wrong.bodyText.hasPrefix(#"{"type":"error","error":{"type":"invalid_request_error""#))
    }

    @Test("one model is found by its name, slash and all")
    func one() {
        for path in ["/v1/models/b/c", "/anthropic/v1/models/b%2Fc"] {
            #expect(ask(path).bodyText.hasPrefix(#"{"type":"model","id":"b/c","#))
        }
        for path in ["/v1/models/none", "/anthropic/v1/models/none"] {
            let driver = ask(path)
            #expect(driver.response?.status == 404)
            #expect(driver.bodyText.hasPrefix(#"{"type":"error","error":{"type":"not_found_error""#))
        }
    }

    @Test("a key is needed, and said so in their shape")
    func unauthorized() {
        let driver = Driver(Setup(), head: .get("/anthropic/v1/models"))
        driver.env.auth = .refused
        driver.begin()
        #expect(driver.response?.status == 401)
        #expect(driver.bodyText.hasPrefix(#"{"type":"error","error":{"type":"authentication_error""#))
    }

    @Test("a greeting is answered without a key", arguments: [ClientHead.Method.head, .get])
    func hello(method: ClientHead.Method) {
        let driver = Driver(Setup(), head: .get("/api/hello") { $0.method = method }).begin()
        #expect(driver.response?.status == 200 && driver.env.presented.isEmpty)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test(
        "a query is taken apart as forms are",
        arguments: [
            ("a=1&b=2", ["a:1", "b:2"]), ("", []), ("a", ["a:"]), ("a=b=c&&d=%41+%zz%4", ["a:b=c", "d:A %zz%4"]),
            ("%61=%C3%A9", ["a:é"]), ("=1", [":1"]),
        ]
    )
    func query(text: String, pairs: [String]) {
        #expect(QueryParameters.parse(text).map { "\($0.name):\($0.value)" } == pairs)
    }
}

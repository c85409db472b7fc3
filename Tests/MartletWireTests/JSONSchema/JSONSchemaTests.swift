import MartletWire
import Testing

private func schema(
    _ text: String,
    limits: JSONSchemaLimits = JSONSchemaLimits(),
    formats: Bool = false
) throws -> JSONSchema {
    try JSONSchema(JSONDocument(Array(text.utf8)), limits: limits, assertsFormats: formats)
}

extension JSONSchema {
    fileprivate func check(_ text: String) throws -> JSONSchemaVerdict { try check(JSONDocument(Array(text.utf8))) }

    fileprivate func lines(_ text: String) throws -> [String] {
        guard case .invalid(let violations) = try check(text) else { return [] }
        return violations.map(\.description)
    }
}

@Suite("JSON Schema") struct JSONSchemaTests {
    @Test func `says where a document is wrong and what should be there`() throws {
        let schema = try schema(
            #"""
            {"type":"object","required":["name","tags"],"additionalProperties":false,"properties":{
              "name":{"type":"string","minLength":2},"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":2},
              "a/b~c":{"type":["integer","null"]}}}
            """#
        )
        let document = #"{"name":"x","tags":["a","secret","b"],"a/b~c":1.5,"more":"secret"}"#
        let expected = [
            "/name: expected at least 2 characters", "/tags: expected at most 2 items",
            "/tags/1: expected one of the 2 allowed values", "/a~1b~0c: expected null or an integer",
            "/more: expected nothing here",
        ]
        let lines = try schema.lines(document)
        #expect(lines == expected)
        #expect(try schema.lines("{}").count == 2)
        #expect(try schema.lines("[]") == ["the whole: expected an object"])
    }

    @Test func `never shows the value`() throws {
        let all =
            #"{"type":"null","const":1,"enum":[2],"not":{},"anyOf":[false],"oneOf":[{},{}],"minLength":99,"pattern":"^z"}"#
        for line in try schema(all).lines(#""secret""#) { #expect(!line.contains("secret")) }
    }

    @Test func `tells of the alternative that came nearest`() throws {
        let schema = try schema(
            #"{"properties":{"user":{"anyOf":[{"type":"null"},{"properties":{"age":{"type":"integer"}}}]}}}"#
        )
        let lines = try schema.lines(#"{"user":{"age":"x"}}"#)
        #expect(lines.first == "/user: expected something that follows one of 2 alternatives")
        #expect(lines.last == "/user/age: expected an integer")
    }

    @Test func `bounds what it says`() throws {
        let schema = try schema(#"{"items":{"type":"null"},"additionalProperties":false}"#)
        #expect(try schema.lines("[" + String(repeating: "1,", count: 99) + "1]").count == 8)
        let name = String(repeating: "é", count: 500)
        let line = try #require(try schema.lines(#"{"\#(name)":1}"#).first)
        #expect(line.utf8.count < 200 && line.contains("…"))
    }

    @Test(arguments: [
        ("0.3", "0.1", true), ("0.35", "0.1", false), ("1e400", "7", false), ("7e400", "7", true), ("0", "3", true),
        ("123456789012345678901234567890", "10", true), ("123456789012345678901234567891", "10", false),
        ("-4.5", "1.5", true), ("1e-400", "1", false), ("18446744073709551614", "9223372036854775807", true),
    ])
    func `divides exactly`(_ number: String, _ divisor: String, _ isMultiple: Bool) throws {
        #expect((try schema(#"{"multipleOf":\#(divisor)}"#).check(number) == .valid) == isMultiple)
    }

    @Test(arguments: [
        ("1", "1.0", true), ("100", "1e2", true), ("0", "-0.0", true), ("9007199254740993", "9007199254740992", false),
        ("1e400", "10e399", true), ("1e400", "1e401", false), ("0.1", "0.10000000000000001", false),
        ("1", "true", false),
    ])
    func `compares numbers by their value`(_ number: String, _ other: String, _ isEqual: Bool) throws {
        #expect((try schema(#"{"const":\#(number)}"#).check(other) == .valid) == isEqual)
        #expect((try schema(#"{"uniqueItems":true}"#).check("[\(number),\(other)]") == .valid) != isEqual)
    }

    @Test(arguments: [
        ("-1e400", "1e400"), ("-2", "-1.5"), ("-1", "0"), ("0", "1e-400"), ("9007199254740992", "9007199254740993"),
        ("1.5", "15"), ("99", "100"), ("0.09", "0.1"),
    ])
    func `orders numbers exactly`(_ less: String, _ more: String) throws {
        #expect(try schema(#"{"minimum":\#(less)}"#).check(more) == .valid)
        #expect(try schema(#"{"exclusiveMaximum":\#(more)}"#).check(less) == .valid)
        #expect(try schema(#"{"minimum":\#(more)}"#).check(less) != .valid)
        #expect(try schema(#"{"exclusiveMinimum":\#(less)}"#).check(less) != .valid)
        #expect(try schema(#"{"maximum":\#(less)}"#).check(less) == .valid)
    }

    @Test(arguments: [
        (#"{"type":"strnig"}"#, "/type"), (#"{"type":{}}"#, "/type"), (#"{"properties":[]}"#, "/properties"),
        (#"{"properties":{"a":1}}"#, "/properties/a"), (#"{"required":"a"}"#, "/required"),
        (#"{"minLength":-1}"#, "/minLength"),
        (#"{"minLength":1.5}"#, "/minLength"), (#"{"multipleOf":0}"#, "/multipleOf"), (#"{"enum":{}}"#, "/enum"),
        (#"{"items":{"allOf":{}}}"#, "/items/allOf"), (#"{"pattern":"("}"#, "/pattern"),
        (#"{"pattern":"a**"}"#, "/pattern"),
        (##"{"$ref":"#/$defs/no"}"##, "/$ref"), (#"{"$ref":"https://example.org/x"}"#, "/$ref"),
        (#"{"$ref":1}"#, "/$ref"),
        (#"{"anyOf":[{"minimum":"1"}]}"#, "/anyOf/0/minimum"), ("1", ""), ("[]", ""), (#""x""#, ""),
        (#"{"uniqueItems":1}"#, "/uniqueItems"), (#"{"dependentRequired":{"a":[1]}}"#, "/dependentRequired"),
    ])
    func `refuses what is no schema and says where`(_ text: String, _ pointer: String) throws {
        let error = #expect(throws: JSONSchemaError.self) { try schema(text) }
        #expect(error?.pointer == pointer)
    }

    @Test func `takes null for a keyword that is absent, and as a constant`() throws {
        #expect(try schema(#"{"type":null,"items":null,"pattern":null,"enum":null}"#).check("1") == .valid)
        #expect(try schema(#"{"const":null}"#).check("1") != .valid)
    }

    @Test func `names what it does not check`() throws {
        let schema = try schema(#"{"properties":{"a":{"pattern":"(.)\\1"},"b":{"pattern":"(?<=x)y"}}}"#)
        #expect(Set(schema.unchecked) == ["/properties/a/pattern", "/properties/b/pattern"])
        #expect(try schema.check(#"{"a":"xy"}"#) == .valid)
    }

    @Test func `gives up on circles and on too much work, and says so`() throws {
        let circle = try schema(##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##)
        guard case .undecided = try circle.check("1") else { Issue.record("a circle was decided"); return }
        var limits = JSONSchemaLimits()
        limits.maxSteps = 1_000
        let deep =
            ##"{"$defs":{"a":{"anyOf":[{"items":{"$ref":"#/$defs/a"}},"##
            + ##"{"items":{"$ref":"#/$defs/a"},"type":"null"}]}},"##
        let tree = try schema(deep + ##""items":{"$ref":"#/$defs/a"}}"##, limits: limits)
        let nested = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        guard case .valid = try tree.check("[[]]") else { Issue.record("a small document is too much"); return }
        limits.maxSteps = 20
        guard case .undecided = try schema(deep + ##""items":{"$ref":"#/$defs/a"}}"##, limits: limits).check(nested)
        else { Issue.record("nested alternatives were decided"); return }
        limits.maxValues = 3
        guard case .undecided = try schema("{}", limits: limits).check("[1,2,3,4]") else {
            Issue.record("a large document was decided")
            return
        }
    }

    @Test func `a schema that doubles its work at each level ends in time`() throws {
        // 2^40 paths lead to the last definition.
        let definitions = (0..<40).map { place in
            let next = ##"{"$ref":"#/$defs/d\##(place + 1)"}"##
            return #""d\#(place)":{"allOf":[\#(next),\#(next)]}"#
        }
        let text =
            ##"{"$ref":"#/$defs/d0","$defs":{"d40":{"type":"null"},"## + definitions.joined(separator: ",") + "}}"
        guard case .undecided = try schema(text).check("null") else { Issue.record("it was decided"); return }
        guard case .invalid = try schema(text).check("1") else { Issue.record("the first path was not enough"); return }
    }

    @Test func `a schema of a great many references ends in time`() throws {
        // Each reference is another way through a large object.
        let definitions = (0..<9_000).map { #""d\#($0)":{"title":"\#(String(repeating: "x", count: 60))"}"# }
        let references = (0..<9_000).map { ##"{"$ref":"#/$defs/d\##($0)"}"## }
        let text =
            #"{"$defs":{"# + definitions.joined(separator: ",") + #"},"anyOf":["# + references.joined(separator: ",")
        #expect(throws: JSONSchemaError.self) { try schema(text + "]}") }
    }

    @Test func `has a limit for the length, and for the number of schemas`() {
        let long = #"{"title":"\#(String(repeating: "x", count: 1_048_576))"}"#
        #expect(throws: JSONSchemaError.self) { try schema(long) }
        var limits = JSONSchemaLimits()
        limits.maxSchemas = 3
        #expect(throws: JSONSchemaError.self) { try schema(#"{"allOf":[{},{},{}]}"#, limits: limits) }
    }

    @Test(arguments: [
        ("date-time", "2026-11-21T06:00:00Z", true), ("date-time", "2026-11-21t06:00:00.123+05:30", true),
        ("date-time", "2026-02-29T06:00:00Z", false), ("date-time", "2026-11-21 06:00:00Z", false),
        ("date-time", "2026-11-21T06:00:00", false), ("date-time", "1998-12-31T23:59:60Z", true),
        ("date-time", "1998-12-31T22:59:60Z", false), ("date-time", "1998-12-31T15:59:60-08:00", true),
        ("date", "2024-02-29", true), ("date", "2100-02-29", false), ("date", "2024-13-01", false),
        ("date", "24-01-01", false),
        ("time", "12:00:00Z", true), ("time", "24:00:00Z", false), ("time", "12:00Z", false),
        ("time", "12:00:00.Z", false),
        ("email", "a.b+c@example.org", true), ("email", "a@", false), ("email", "@b", false),
        ("email", "a..b@c.d", false),
        ("email", "a@-b.c", false), ("ipv4", "192.168.0.1", true), ("ipv4", "256.0.0.1", false),
        ("ipv4", "01.2.3.4", false),
        ("ipv4", "1.2.3", false), ("ipv6", "::", true), ("ipv6", "::1", true), ("ipv6", "1::", true),
        ("ipv6", "1:2:3:4:5:6:7:8", true),
        ("ipv6", "1:2:3:4:5:6:7", false), ("ipv6", "1::2::3", false), ("ipv6", ":::", false),
        ("ipv6", "::ffff:1.2.3.4", true),
        ("ipv6", "1.2.3.4", false), ("ipv6", "12345::", false), ("ipv6", "1:2:3:4:5:6:7::", true),
        ("ipv6", ":1", false),
        ("ipv6", "1:2:3:4:5:6:1.2.3.4", true), ("ipv6", "1:2:3:4:5:6:7:8:9", false), ("ipv6", "1:2:3:4:5:6:7:", false),
        ("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", true), ("uuid", "2eb8aa08aa9811eab4aa73b441d16380", false),
        ("color", "not known, so anything", true),
    ])
    func `asserts formats only on request`(_ format: String, _ text: String, _ isValid: Bool) throws {
        let plain = #"{"format":"\#(format)"}"#
        #expect((try schema(plain, formats: true).check("\"\(text)\"") == .valid) == isValid)
        #expect(try schema(plain).check("\"\(text)\"") == .valid)
        #expect(try schema(plain, formats: true).check("1") == .valid)
    }
}

import MartletWire
import Testing

@Suite("JSON splice")
struct JSONSpliceTests {
    private func edit(_ text: String, _ body: (JSONView, inout JSONSplice) -> Void) throws -> String {
        var splice = JSONSplice()
        let bytes = Array(text.utf8)
        try JSON.withView(of: bytes) { body($0, &splice) }
        let result = splice.render(bytes)
        _ = try Tree.parse(result)
        #expect(JSONSplice.length(of: splice.pieces(originalLength: bytes.count)) == result.count)
        return String(decoding: result, as: UTF8.self)
    }

    private func remove(_ names: [String], from text: String, adding: Bool = false) throws -> String {
        try edit(text) { root, splice in
            guard let layout = root.objectLayout else { return }
            for (index, member) in root.members.enumerated() where names.contains(member.key.string() ?? "") {
                splice.removeMember(index, of: layout)
            }
            if adding {
                splice.insertMember(Array("z".utf8), value: Array("9".utf8), into: layout)
                splice.insertMember(Array("s".utf8), value: Array("8".utf8), into: layout, at: .start)
            }
        }
    }

    @Test("a value is replaced and every other byte stays")
    func replace() throws {
        let result = try edit(#"{ "a" : 1 , "model":"x" , "b" : [ 1 , 2 ] } "#) { root, splice in
            splice.setMember(Array("model".utf8), value: Array(#""a longer one""#.utf8), of: root)
        }
        #expect(result == #"{ "a" : 1 , "model":"a longer one" , "b" : [ 1 , 2 ] } "#)
    }

    @Test(
        "members are removed with the right comma",
        arguments: [
            (["a"], #"{ "b": 2 ,"c":3 }"#), (["b"], #"{ "a":1 , "c":3 }"#),
            (["c"], #"{ "a":1 , "b": 2 }"#), (["a", "b"], #"{ "c":3 }"#), (["b", "c"], #"{ "a":1 }"#),
            (["a", "c"], #"{ "b": 2 }"#), (["a", "b", "c"], "{  }"), ([], #"{ "a":1 , "b": 2 ,"c":3 }"#),
        ] as [([String], String)]
    )
    func removal(_ names: [String], _ expected: String) throws {
        #expect(try remove(names, from: #"{ "a":1 , "b": 2 ,"c":3 }"#) == expected)
    }

    @Test(
        "removal goes together with insertion at both ends",
        arguments: [
            (["a"], #"{"s":8,"b":2,"c":3,"z":9}"#), (["b"], #"{"s":8,"a":1,"c":3,"z":9}"#),
            (["c"], #"{"s":8,"a":1,"b":2,"z":9}"#), (["a", "b", "c"], #"{"s":8,"z":9}"#),
            (["b", "c"], #"{"s":8,"a":1,"z":9}"#), ([], #"{"s":8,"a":1,"b":2,"c":3,"z":9}"#),
        ] as [([String], String)]
    )
    func removalAndInsertion(_ names: [String], _ expected: String) throws {
        #expect(try remove(names, from: #"{"a":1,"b":2,"c":3}"#, adding: true) == expected)
    }

    @Test("members are inserted into an empty object and into one with a single member")
    func insertion() throws {
        #expect(try remove([], from: "{}", adding: true) == #"{"s":8,"z":9}"#)
        #expect(try remove([], from: "{ }", adding: true) == #"{"s":8,"z":9 }"#)
        #expect(try remove([], from: #"{"a":{}}"#, adding: true) == #"{"s":8,"a":{},"z":9}"#)
        let many = try edit("{}") { root, splice in
            for name in ["a", "b\"", "é"] { splice.setMember(Array(name.utf8), value: Array("0".utf8), of: root) }
        }
        #expect(many == #"{"a":0,"b\"":0,"é":0}"#)
    }

    @Test("edits of several nested objects go together, and what is inside a removed member goes with it")
    func nested() throws {
        let result = try edit(#"{"a":{"x":1,"y":2},"b":{"x":1,"y":{"q":0}},"c":[{"x":1}]}"#) { root, splice in
            for name in ["a", "b"] as [StaticString] {
                if let inner = root.member(name) { splice.removeMember("x", of: inner) }
            }
            if let inner = root.member("b")?.member("y") {
                splice.setMember(Array("q".utf8), value: Array("5".utf8), of: inner)
                splice.setMember(Array("r".utf8), value: Array("6".utf8), of: inner)
            }
            if let element = root.member("c")?.elements.map({ $0 }).first { splice.removeMember("x", of: element) }
            splice.removeMember("a", of: root)
            let removed = splice.removeMember("missing", of: root)
            #expect(!removed)
        }
        #expect(result == #"{"b":{"y":{"q":5,"r":6}},"c":[{}]}"#)
    }

    @Test("of two replacements of one value the last counts, and an outer one hides an inner one")
    func overlapping() throws {
        let result = try edit(#"{"a":{"x":1},"b":2}"#) { root, splice in
            for value in ["3", "4"] { splice.setMember(Array("b".utf8), value: Array(value.utf8), of: root) }
            if let inner = root.member("a") {
                splice.setMember(Array("x".utf8), value: Array("7".utf8), of: inner)
                splice.replace(inner.range, with: Array("[]".utf8))
            }
        }
        #expect(result == #"{"a":[],"b":4}"#)
    }

    @Test("an empty splice is the original in one piece")
    func empty() {
        let splice = JSONSplice()
        #expect(splice.isEmpty)
        #expect(splice.pieces(originalLength: 5) == [.original(0..<5)])
        #expect(splice.pieces(originalLength: 0) == [])
    }

    @Test("the layout of a scanner is that of the view")
    func scannerLayout() throws {
        let bytes = Array(#" {"a":1 , "b\n": [2] } "#.utf8)
        var scanner = JSONScanner()
        #expect(scanner.rootLayout == nil)
        try scanner.finish(bytes.span)
        let layout = try JSON.withView(of: bytes) { $0.objectLayout }
        #expect(scanner.rootLayout == layout)
        #expect(scanner.memberIndex("b\n", in: bytes.span) == 1)
        #expect(scanner.memberIndex("b", in: bytes.span) == nil)
    }

    @Test("random edits of random documents do what they would do to the tree", arguments: 0..<80)
    func property(_ seed: Int) throws {
        var generator = RandomJSON(seed: UInt64(2000 + seed))
        for _ in 0..<15 {
            let (bytes, tree) = generator.objectDocument()
            var splice = JSONSplice()
            var random = generator.random
            let expected = try JSON.withView(of: bytes) { root in
                Self.randomEdit(root, tree, &splice, &random)
            }
            generator.random = random
            let result = splice.render(bytes)
            #expect(try Tree.parse(result) == expected)
            var joined: [UInt8] = []
            for piece in splice.pieces(originalLength: bytes.count) {
                switch piece {
                case .original(let range): joined += bytes[range]
                case .bytes(let new): joined += new
                }
            }
            #expect(joined == result)
        }
    }

    private static func randomEdit(
        _ view: JSONView,
        _ tree: Tree,
        _ splice: inout JSONSplice,
        _ random: inout SeededGenerator
    ) -> Tree {
        switch tree {
        case .object(let fields):
            guard let layout = view.objectLayout else { return tree }
            var result: [Tree.Field] = []
            for (index, (field, member)) in zip(fields, view.members).enumerated() {
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1: splice.removeMember(index, of: layout)
                case 2:
                    splice.replace(member.value.range, with: Array("[null]".utf8))
                    result.append(Tree.Field(key: field.key, value: .array([.null])))
                default:
                    let value = randomEdit(member.value, field.value, &splice, &random)
                    result.append(Tree.Field(key: field.key, value: value))
                }
            }
            // Names longer than those of the generator, so that none is there twice.
            for (end, name) in [(JSONSplice.End.start, "inserted at the start"), (.end, "inserted at the end")]
            where random.chance(2) {
                for number in 0..<Int.random(in: 1...2, using: &random) {
                    let key = Array((name + "\n\"\(number)").utf8)
                    splice.insertMember(key, value: Array("true".utf8), into: layout, at: end)
                    let field = Tree.Field(key: key, value: .bool(true))
                    if end == .start { result.insert(field, at: number) } else { result.append(field) }
                }
            }
            return .object(result)
        case .array(let elements):
            return .array(zip(elements, view.elements).map { randomEdit($1, $0, &splice, &random) })
        default: return tree
        }
    }
}

/// Turns a document into a list of schemas that refer to each other by their places in it.
///
/// Each schema is compiled once, when something first refers to it, so that schemas may refer to themselves. Nothing here
/// calls itself: what is found waits in a list.
struct SchemaCompiler {
    /// A schema in the document, and the resource that its references are relative to.
    struct Site {
        var view: JSONView
        var resource: Int
        var steps: [SchemaStep]
    }

    private(set) var nodes: [SchemaNode] = []
    var unchecked: [String] = []
    var tracksEvaluation = false
    let draft: SchemaDraft
    let limits: JSONSchemaLimits
    let assertsFormats: Bool
    var references: SchemaReferences
    /// What is left for the values of `enum` and `const`.
    var valueBudget: Int
    private let root: JSONView
    /// The places of compiled schemas, by where they begin in the document.
    private var places: [Int: Int] = [:]
    private var pending: [(place: Int, site: Site)] = []

    init(_ root: JSONView, limits: JSONSchemaLimits, assertsFormats: Bool) {
        self.root = root
        self.limits = limits
        self.assertsFormats = assertsFormats
        valueBudget = limits.maxValues
        draft = SchemaDraft(root)
        references = SchemaReferences(root, draft: draft)
    }

    /// Compiles the schema and all that it needs, and returns its place.
    mutating func compileAll() throws(JSONSchemaError) -> Int {
        let place = try self.place(of: Site(view: root, resource: 0, steps: []))
        while let next = pending.popLast() { nodes[next.place] = try compile(next.site) }
        return place
    }

    /// The place of a schema, which is compiled later if it is new.
    mutating func place(of site: Site) throws(JSONSchemaError) -> Int {
        let start = site.view.range.lowerBound
        if let place = places[start] { return place }
        guard nodes.count < limits.maxSchemas else { throw JSONSchemaError(pointer: "", expected: "smaller") }
        let place = nodes.count
        nodes.append(SchemaNode())
        places[start] = place
        var site = site
        if let resource = references.resource(at: start) { site.resource = resource }
        pending.append((place, site))
        return place
    }

    private mutating func compile(_ site: Site) throws(JSONSchemaError) -> SchemaNode {
        switch site.view.kind {
        case .true: return SchemaNode()
        case .false: return SchemaNode(accepts: false)
        case .object: break
        default: throw error(site, nil, "an object or a boolean")
        }
        let keywords = SchemaKeywords(site)
        var rules: [SchemaRule] = []
        for name in ["$ref", "$dynamicRef", "$recursiveRef"] as [StaticString] {
            guard let view = keywords[name] else { continue }
            guard view.kind == .string else { throw error(site, name, "a text") }
            guard let target = references.resolve(view.decodedText, from: site.resource) else {
                throw error(site, name, "a reference to a place in the schema")
            }
            rules.append(.reference(try place(of: target)))
            // Up to draft 7 a reference hides its neighbours.
            if draft <= .draft7 { return SchemaNode(rules: rules) }
        }
        try addScalarRules(keywords, &rules)
        try addArrayRules(keywords, &rules)
        try addObjectRules(keywords, &rules)
        try addCombinations(keywords, &rules)
        if let schema = try schema("unevaluatedItems", keywords) {
            rules.append(.unevaluatedItems(schema))
            tracksEvaluation = true
        }
        if let schema = try schema("unevaluatedProperties", keywords) {
            rules.append(.unevaluatedMembers(schema))
            tracksEvaluation = true
        }
        return SchemaNode(rules: rules)
    }

    // MARK: What keywords hold

    /// The place of the schema that is a keyword's value.
    mutating func schema(_ name: StaticString, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> Int? {
        guard let view = keywords[name] else { return nil }
        return try place(of: keywords.site.child(view, .name(Array(name))))
    }

    /// The places of the schemas in a keyword's list.
    mutating func schemas(_ name: StaticString, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> [Int]? {
        guard let view = keywords[name] else { return nil }
        guard view.kind == .array else { throw error(keywords.site, name, "a list of schemas") }
        var list: [Int] = []
        for (index, element) in view.elements.enumerated() {
            list.append(try place(of: keywords.site.child(element, .name(Array(name)), .index(index))))
        }
        return list
    }

    /// A keyword's object by name.
    func members(
        _ name: StaticString,
        _ keywords: SchemaKeywords
    ) throws(JSONSchemaError) -> [(name: [UInt8], site: Site)] {
        guard let view = keywords[name] else { return [] }
        guard view.kind == .object else { throw error(keywords.site, name, "an object of schemas") }
        return view.members.map { member in
            let key = member.key.decodedText
            return (key, keywords.site.child(member.value, .name(Array(name)), .name(key)))
        }
    }

    /// A keyword's count.
    func count(_ name: StaticString, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> Int? {
        guard let view = keywords[name] else { return nil }
        guard let count = SchemaNumber(view)?.count else {
            throw error(keywords.site, name, "a whole number, zero or more")
        }
        return count
    }

    /// A keyword's number.
    func number(_ name: StaticString, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> SchemaNumber? {
        guard let view = keywords[name] else { return nil }
        guard let number = SchemaNumber(view) else { throw error(keywords.site, name, "a number") }
        return number
    }

    /// A list of texts.
    func texts(_ view: JSONView, _ site: Site, _ name: StaticString) throws(JSONSchemaError) -> [[UInt8]] {
        guard view.kind == .array, view.elements.allSatisfy({ $0.kind == .string }) else {
            throw error(site, name, "a list of texts")
        }
        return view.elements.map(\.decodedText)
    }

    /// Compiles a pattern; one that cannot be expressed is noted.
    mutating func pattern(_ text: [UInt8], _ site: Site, _ name: StaticString) throws(JSONSchemaError) -> JSONPattern? {
        do throws(JSONPatternError) {
            return try JSONPattern(text)
        } catch {
            guard case .unsupported = error else { throw self.error(site, name, "a regular expression") }
            note(site, name)
            return nil
        }
    }

    /// Notes a keyword that is not checked.
    mutating func note(_ site: Site, _ name: StaticString) {
        let pointer = SchemaPointer.text(site.steps + [.name(Array(name))])
        if unchecked.count < 64, !unchecked.contains(pointer) { unchecked.append(pointer) }
    }

    func error(_ site: Site, _ name: StaticString?, _ expected: String) -> JSONSchemaError {
        let steps = site.steps + (name.map { [.name(Array($0))] } ?? [])
        return JSONSchemaError(pointer: SchemaPointer.text(steps), expected: expected)
    }
}

extension SchemaCompiler.Site {
    /// A schema below this one, in the same resource unless it begins one.
    func child(_ view: JSONView, _ steps: SchemaStep...) -> Self {
        Self(view: view, resource: resource, steps: self.steps + steps)
    }
}

/// The members of one schema by name; null is the same as absent, but for `const`.
struct SchemaKeywords {
    let site: SchemaCompiler.Site
    private let members: [JSONView.Member]

    init(_ site: SchemaCompiler.Site) {
        self.site = site
        members = Array(site.view.members)
    }

    subscript(_ name: StaticString) -> JSONView? {
        guard let view = given(name), !view.isNull else { return nil }
        return view
    }

    /// A member even if it is null.
    func given(_ name: StaticString) -> JSONView? { members.first { $0.key.equalsString(name) }?.value }
}

extension [UInt8] {
    /// The bytes of a literal.
    init(_ text: StaticString) { self = text.withUTF8Buffer { unsafe Array($0) } }
}

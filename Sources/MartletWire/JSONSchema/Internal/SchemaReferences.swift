/// Finds what references in a document point to.
///
/// A resource is the document or a schema in it with an `$id`; anchors and pointers are relative to one.
struct SchemaReferences {
    private struct Anchor: Hashable {
        var resource: Int
        var name: [UInt8]
    }

    private struct Resource {
        var root: JSONView
        var steps: [SchemaStep]
    }

    private var resources: [Resource]
    private var resourcesByID: [[UInt8]: Int] = [:]
    private var resourcesByStart: [Int: Int]
    private var anchors: [Anchor: SchemaCompiler.Site] = [:]
    private var found: [Anchor: SchemaCompiler.Site] = [:]
    /// How many bytes may still be walked over to find places.
    private var walk = 256 << 20

    /// Keywords whose value is a schema; those that also hold lists stand in both.
    private static let single: [StaticString] = [
        "items", "additionalItems", "contains", "unevaluatedItems", "additionalProperties", "propertyNames",
        "unevaluatedProperties", "not", "if", "then", "else",
    ]
    private static let lists: [StaticString] = ["items", "prefixItems", "allOf", "anyOf", "oneOf"]
    private static let maps: [StaticString] = [
        "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies",
    ]

    /// Whether `id` is a keyword, as in draft 4.
    private let hasPlainID: Bool

    init(_ root: JSONView, draft: SchemaDraft) {
        hasPlainID = draft == .draft4
        resources = [Resource(root: root, steps: [])]
        resourcesByStart = [root.range.lowerBound: 0]
        var pending = [SchemaCompiler.Site(view: root, resource: 0, steps: [])]
        while let site = pending.popLast() { survey(site, &pending) }
    }

    /// The resource that begins at a place of the document.
    func resource(at start: Int) -> Int? { resourcesByStart[start] }

    /// Finds a reference's schema; `nil` when it is not in the document.
    mutating func resolve(_ reference: [UInt8], from resource: Int) -> SchemaCompiler.Site? {
        let key = Anchor(resource: resource, name: reference)
        if let known = found[key] { return known }
        let site = find(reference, from: resource)
        found[key] = site
        return site
    }

    private mutating func find(_ reference: [UInt8], from resource: Int) -> SchemaCompiler.Site? {
        let hash = reference.firstIndex(of: UInt8(ascii: "#")) ?? reference.endIndex
        var resource = resource
        if hash > 0 {
            guard let other = resourcesByID[Array(reference[..<hash])] else { return nil }
            resource = other
        }
        guard let fragment = Self.unescaped(reference[hash...].dropFirst()) else { return nil }
        guard let names = SchemaPointer.names(fragment[...]) else {
            return anchors[Anchor(resource: resource, name: fragment)]
        }
        return follow(names, from: resource)
    }

    private mutating func follow(_ names: [[UInt8]], from resource: Int) -> SchemaCompiler.Site? {
        let start = resources[resource]
        var site = SchemaCompiler.Site(view: start.root, resource: resource, steps: start.steps)
        for name in names {
            walk -= site.view.range.count
            guard walk >= 0 else { return nil }
            let next: JSONView?
            var step = SchemaStep.name(name)
            if site.view.kind == .array {
                guard let index = name[...].decimal, name.count == 1 || name.first != ASCII.zero else { return nil }
                next = site.view.elements.enumerated().first { $0.offset == index }?.element
                step = .index(index)
            } else {
                next = site.view.member(name)
            }
            guard let next else { return nil }
            site = site.child(next, step)
            if let other = resourcesByStart[next.range.lowerBound] { site.resource = other }
        }
        return site
    }

    /// Notes a schema's names, and what schemas stand in it.
    private mutating func survey(_ site: SchemaCompiler.Site, _ pending: inout [SchemaCompiler.Site]) {
        guard site.view.kind == .object else { return }
        var site = site
        for member in site.view.members where member.value.kind == .string {
            guard member.key.equalsString(hasPlainID ? "id" : "$id") else { continue }
            addResource(member.value.decodedText, &site)
        }
        for member in site.view.members {
            let (key, value) = (member.key, member.value)
            if key.equalsString("$anchor") || key.equalsString("$dynamicAnchor"), value.kind == .string {
                anchors[Anchor(resource: site.resource, name: value.decodedText)] = site
            }
            let name = key.decodedText
            if value.kind == .object || value.kind == .true || value.kind == .false,
                Self.single.contains(where: { key.equalsString($0) })
            {
                pending.append(site.child(value, .name(name)))
            } else if value.kind == .array, Self.lists.contains(where: { key.equalsString($0) }) {
                for (index, element) in value.elements.enumerated() {
                    pending.append(site.child(element, .name(name), .index(index)))
                }
            } else if value.kind == .object, Self.maps.contains(where: { key.equalsString($0) }) {
                for inner in value.members {
                    pending.append(site.child(inner.value, .name(name), .name(inner.key.decodedText)))
                }
            }
        }
    }

    /// Begins a resource, or names an anchor where the id is only a fragment, as older drafts write it.
    private mutating func addResource(_ id: [UInt8], _ site: inout SchemaCompiler.Site) {
        if id.first == UInt8(ascii: "#") {
            anchors[Anchor(resource: site.resource, name: Array(id.dropFirst()))] = site
            return
        }
        let base = Array(id.prefix { $0 != UInt8(ascii: "#") })
        let start = site.view.range.lowerBound
        if let known = resourcesByStart[start] {
            resourcesByID[base] = known
        } else {
            resourcesByStart[start] = resources.count
            resourcesByID[base] = resources.count
            resources.append(Resource(root: site.view, steps: site.steps))
        }
        site.resource = resourcesByStart[start] ?? site.resource
    }

    /// Undoes the escapes of a fragment (RFC 3986 §2.1); `nil` where one is broken.
    private static func unescaped(_ fragment: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var index = fragment.startIndex
        while index < fragment.endIndex {
            guard fragment[index] == UInt8(ascii: "%") else {
                result.append(fragment[index])
                index += 1
                continue
            }
            guard index + 2 < fragment.endIndex, let high = hex(fragment[index + 1]), let low = hex(fragment[index + 2])
            else { return nil }
            result.append(high << 4 | low)
            index += 3
        }
        return result
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 0x57
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 0x37
        default: nil
        }
    }
}

extension SchemaCompiler {
    mutating func addScalarRules(_ keywords: SchemaKeywords, _ rules: inout [SchemaRule]) throws(JSONSchemaError) {
        let site = keywords.site
        if let view = keywords["type"] { rules.append(.types(try types(view, site))) }
        if let view = keywords.given("const") { rules.append(.oneValue(try value(view, site, "const"))) }
        if let view = keywords["enum"] {
            guard view.kind == .array else { throw error(site, "enum", "a list of values") }
            var values: Set<SchemaValue> = []
            for element in view.elements { values.insert(try value(element, site, "enum")) }
            rules.append(.values(values))
        }
        try addBounds(keywords, &rules)
        if let divisor = try number("multipleOf", keywords) {
            guard !divisor.isNegative, !divisor.isZero else { throw error(site, "multipleOf", "a number above zero") }
            if divisor.mantissa == nil { note(site, "multipleOf") } else { rules.append(.multipleOf(divisor)) }
        }
        let (shortest, longest) = (try count("minLength", keywords), try count("maxLength", keywords))
        if shortest != nil || longest != nil { rules.append(.length(min: shortest ?? 0, max: longest ?? .max)) }
        if let view = keywords["pattern"] {
            guard view.kind == .string else { throw error(site, "pattern", "a regular expression") }
            if let pattern = try pattern(view.decodedText, site, "pattern") { rules.append(.pattern(pattern)) }
        }
        if assertsFormats, let view = keywords["format"], let format = SchemaFormat(view) {
            rules.append(.format(format))
        }
    }

    private func addBounds(_ keywords: SchemaKeywords, _ rules: inout [SchemaRule]) throws(JSONSchemaError) {
        // In draft 4 a boolean says whether the bound beside it is exclusive.
        let minimumIsExclusive = keywords["exclusiveMinimum"]?.bool()
        let maximumIsExclusive = keywords["exclusiveMaximum"]?.bool()
        if let minimum = try number("minimum", keywords) {
            rules.append(.minimum(minimum, isExclusive: minimumIsExclusive ?? false))
        }
        if let maximum = try number("maximum", keywords) {
            rules.append(.maximum(maximum, isExclusive: maximumIsExclusive ?? false))
        }
        if minimumIsExclusive == nil, let minimum = try number("exclusiveMinimum", keywords) {
            rules.append(.minimum(minimum, isExclusive: true))
        }
        if maximumIsExclusive == nil, let maximum = try number("exclusiveMaximum", keywords) {
            rules.append(.maximum(maximum, isExclusive: true))
        }
    }

    mutating func addArrayRules(_ keywords: SchemaKeywords, _ rules: inout [SchemaRule]) throws(JSONSchemaError) {
        let (fewest, most) = (try count("minItems", keywords), try count("maxItems", keywords))
        if fewest != nil || most != nil { rules.append(.itemCount(min: fewest ?? 0, max: most ?? .max)) }
        if let view = keywords["uniqueItems"] {
            guard let isUnique = view.bool() else { throw error(keywords.site, "uniqueItems", "a boolean") }
            if isUnique { rules.append(.uniqueItems) }
        }
        // A list as `items` is what `prefixItems` was called before, and `additionalItems` what `items` is now.
        let isOldForm = keywords["items"]?.kind == .array
        let prefix = try schemas(isOldForm ? "items" : "prefixItems", keywords) ?? []
        let rest = try schema(isOldForm ? "additionalItems" : "items", keywords)
        if !prefix.isEmpty || rest != nil { rules.append(.items(prefix: prefix, rest: rest)) }
        if let schema = try schema("contains", keywords) {
            let (fewest, most) = (try count("minContains", keywords), try count("maxContains", keywords))
            rules.append(
                .contains(schema, min: fewest ?? 1, max: most ?? .max, evaluates: draft >= .draft2020)
            )
        }
    }

    mutating func addObjectRules(_ keywords: SchemaKeywords, _ rules: inout [SchemaRule]) throws(JSONSchemaError) {
        let site = keywords.site
        let (fewest, most) = (try count("minProperties", keywords), try count("maxProperties", keywords))
        if fewest != nil || most != nil { rules.append(.memberCount(min: fewest ?? 0, max: most ?? .max)) }
        if let view = keywords["required"] {
            let names = try texts(view, site, "required")
            if !names.isEmpty { rules.append(.required(names)) }
        }
        try addMembers(keywords, &rules)
        if let schema = try schema("propertyNames", keywords) { rules.append(.memberNames(schema)) }
        var required: [(name: [UInt8], needs: [[UInt8]])] = []
        var schemas: [(name: [UInt8], schema: Int)] = []
        for member in try members("dependentRequired", keywords) {
            required.append((member.name, try texts(member.site.view, site, "dependentRequired")))
        }
        for member in try members("dependentSchemas", keywords) {
            schemas.append((member.name, try place(of: member.site)))
        }
        if draft <= .draft7 {
            for member in try members("dependencies", keywords) {
                if member.site.view.kind == .array {
                    required.append((member.name, try texts(member.site.view, site, "dependencies")))
                } else {
                    schemas.append((member.name, try place(of: member.site)))
                }
            }
        }
        if !required.isEmpty { rules.append(.dependentRequired(required)) }
        if !schemas.isEmpty { rules.append(.dependentSchemas(schemas)) }
    }

    private mutating func addMembers(
        _ keywords: SchemaKeywords,
        _ rules: inout [SchemaRule]
    ) throws(JSONSchemaError) {
        var members = SchemaMembers()
        for member in try self.members("properties", keywords) {
            members.named[member.name] = try place(of: member.site)
        }
        for member in try self.members("patternProperties", keywords) {
            if let pattern = try pattern(member.name, keywords.site, "patternProperties") {
                members.patterns.append((pattern, try place(of: member.site)))
            } else {
                members.hasUnknownPattern = true
            }
        }
        members.additional = try schema("additionalProperties", keywords)
        if members.hasUnknownPattern, members.additional != nil { note(keywords.site, "additionalProperties") }
        if !members.named.isEmpty || !members.patterns.isEmpty || members.additional != nil {
            rules.append(.members(members))
        }
    }

    mutating func addCombinations(_ keywords: SchemaKeywords, _ rules: inout [SchemaRule]) throws(JSONSchemaError) {
        if let list = try schemas("allOf", keywords) { rules.append(.all(list)) }
        if let list = try schemas("anyOf", keywords) { rules.append(.any(list)) }
        if let list = try schemas("oneOf", keywords) { rules.append(.one(list)) }
        if let schema = try schema("not", keywords) { rules.append(.not(schema)) }
        if let condition = try schema("if", keywords) {
            let (then, otherwise) = (try schema("then", keywords), try schema("else", keywords))
            rules.append(.condition(if: condition, then: then, else: otherwise))
        }
    }

    private func types(_ view: JSONView, _ site: Site) throws(JSONSchemaError) -> SchemaTypes {
        let expected = "a type or a list of types"
        if view.kind == .string {
            guard let type = SchemaTypes(name: view) else { throw error(site, "type", expected) }
            return type
        }
        guard view.kind == .array else { throw error(site, "type", expected) }
        var types: SchemaTypes = []
        for element in view.elements {
            guard let type = SchemaTypes(name: element) else { throw error(site, "type", expected) }
            types.insert(type)
        }
        return types
    }

    private mutating func value(
        _ view: JSONView,
        _ site: Site,
        _ name: StaticString
    ) throws(JSONSchemaError) -> SchemaValue {
        guard let value = SchemaValue(view, budget: &valueBudget) else { throw error(site, name, "smaller") }
        return value
    }
}

extension SchemaValidation {
    mutating func apply(_ rule: SchemaRule, _ items: [SchemaValue], _ evaluated: inout SchemaEvaluated) -> Bool {
        switch rule {
        case .itemCount(let least, let most):
            if items.count < least { return fail("at least \(least) \(least == 1 ? "item" : "items")") }
            return items.count <= most || fail("at most \(most) \(most == 1 ? "item" : "items")")
        case .uniqueItems:
            guard spend(SchemaValue.array(items).weight) else { return false }
            return Set(items).count == items.count || fail("items that differ from each other")
        case .items(let prefix, let rest):
            var isValid = true
            for (index, item) in items.enumerated() {
                guard let place = index < prefix.count ? prefix[index] : rest else { break }
                if !check(place, item, at: .index(index)) {
                    isValid = false
                    guard wantsMore else { return false }
                }
            }
            evaluated.add(itemsBelow: rest == nil ? min(prefix.count, items.count) : items.count)
            return isValid
        case .contains(let place, let least, let most, let evaluates):
            var count = 0
            for (index, item) in items.enumerated() {
                quiet += 1
                if check(place, item) {
                    count += 1
                    if evaluates { evaluated.add(item: index) }
                }
                quiet -= 1
                if hasGivenUp { return false }
            }
            if count < least { return fail("at least \(least) fitting \(least == 1 ? "item" : "items")") }
            return count <= most || fail("at most \(most) fitting \(most == 1 ? "item" : "items")")
        case .unevaluatedItems(let place):
            var isValid = true
            for (index, item) in items.enumerated() where !evaluated.contains(item: index) {
                if !check(place, item, at: .index(index)) {
                    isValid = false
                    guard wantsMore else { return false }
                }
            }
            evaluated.add(itemsBelow: items.count)
            return isValid
        default: return true
        }
    }

    mutating func apply(_ rule: SchemaRule, _ object: SchemaObject, _ evaluated: inout SchemaEvaluated) -> Bool {
        switch rule {
        case .memberCount(let least, let most):
            if object.count < least { return fail("at least \(least) \(least == 1 ? "property" : "properties")") }
            return object.count <= most || fail("at most \(most) \(most == 1 ? "property" : "properties")")
        case .required(let names): return require(names, object)
        case .members(let members): return apply(members, object, &evaluated)
        case .memberNames(let place):
            var isValid = true
            for name in object.names {
                quiet += 1
                let fits = check(place, .string(name))
                quiet -= 1
                if !fits {
                    isValid = false
                    path.append(.name(name))
                    _ = fail("another name")
                    path.removeLast()
                    guard wantsMore else { return false }
                }
            }
            return isValid
        case .dependentRequired(let dependencies):
            var isValid = true
            for (name, needs) in dependencies where object.place(of: name) != nil {
                isValid = require(needs, object) && isValid
            }
            return isValid
        case .unevaluatedMembers(let place):
            var isValid = true
            for index in object.names.indices where !evaluated.members.contains(index) {
                evaluated.add(member: index)
                if !check(place, object.values[index], at: .name(object.names[index])) {
                    isValid = false
                    guard wantsMore else { return false }
                }
            }
            return isValid
        default: return true
        }
    }

    private mutating func require(_ names: [[UInt8]], _ object: SchemaObject) -> Bool {
        guard spend(names.count) else { return false }
        var isValid = true
        for name in names where object.place(of: name) == nil {
            isValid = false
            _ = fail("the property \(SchemaPointer.quoted(name))")
            guard wantsMore else { return false }
        }
        return isValid
    }

    private mutating func apply(
        _ members: SchemaMembers,
        _ object: SchemaObject,
        _ evaluated: inout SchemaEvaluated
    ) -> Bool {
        var isValid = true
        for (index, name) in object.names.enumerated() {
            let value = object.values[index]
            var places: [Int] = []
            if let place = members.named[name] { places.append(place) }
            for (pattern, place) in members.patterns {
                guard let isMatch = matches(pattern, name) else { return false }
                if isMatch { places.append(place) }
            }
            if places.isEmpty, !members.hasUnknownPattern, let place = members.additional { places.append(place) }
            guard spend(1) else { return false }
            if !places.isEmpty { evaluated.add(member: index) }
            for place in places where !check(place, value, at: .name(name)) {
                isValid = false
                guard wantsMore else { return false }
            }
        }
        return isValid
    }
}

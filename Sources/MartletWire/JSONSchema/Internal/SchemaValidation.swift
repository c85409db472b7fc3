/// One check of one value; counts its work and gives up when it is too much.
struct SchemaValidation {
    let schema: JSONSchema
    /// Where in the document the check is.
    var path: [SchemaStep] = []
    var violations: [JSONSchemaViolation] = []
    /// Above 0 while only the verdict matters.
    var quiet = 0
    private var steps: Int
    private var depth = 0
    /// How many lists of alternatives are being looked through for the nearest one, inside each other.
    private var searches = 0
    private var reason: String?

    init(_ schema: JSONSchema) {
        self.schema = schema
        steps = schema.limits.maxSteps
    }

    mutating func verdict(on value: SchemaValue) -> JSONSchemaVerdict {
        let isValid = check(schema.root, value)
        // A violation that was noted counts whatever follows: it was found where nothing can make up for it.
        if !violations.isEmpty { return .invalid(violations) }
        if let reason { return .undecided(reason) }
        return isValid ? .valid : .undecided("the check was not finished")
    }

    /// Whether the check was given up; what it says from then on means nothing.
    var hasGivenUp: Bool { reason != nil }

    /// Counts work.
    ///
    /// - Returns: Whether the check goes on.
    mutating func spend(_ count: Int) -> Bool {
        guard count <= steps else {
            steps = 0
            reason = reason ?? "the check takes too long"
            return false
        }
        steps -= count
        return reason == nil
    }

    /// Notes what a value lacks and answers `false`.
    mutating func fail(_ expected: @autoclosure () -> String) -> Bool {
        // A pointer and a text cost far more than a step.
        if quiet == 0, spend(50), violations.count < max(1, schema.limits.maxViolations) {
            violations.append(JSONSchemaViolation(pointer: SchemaPointer.text(path), expected: expected()))
        }
        return false
    }

    /// Whether one more violation is of any use.
    var wantsMore: Bool { quiet == 0 && violations.count < schema.limits.maxViolations && !hasGivenUp }

    /// Checks a value of its own, with nothing evaluated yet.
    mutating func check(_ place: Int, _ value: SchemaValue) -> Bool {
        var evaluated = SchemaEvaluated(isTracked: schema.tracksEvaluation)
        return check(place, value, &evaluated)
    }

    /// Checks a value below the present one.
    mutating func check(_ place: Int, _ value: SchemaValue, at step: SchemaStep) -> Bool {
        path.append(step)
        defer { path.removeLast() }
        return check(place, value)
    }

    /// Checks a value and notes what of it was evaluated, unless it fails.
    mutating func check(_ place: Int, _ value: SchemaValue, _ evaluated: inout SchemaEvaluated) -> Bool {
        guard spend(1) else { return false }
        guard depth < schema.limits.maxDepth else {
            reason = reason ?? "the schema refers to itself too often"
            return false
        }
        depth += 1
        defer { depth -= 1 }
        let node = schema.nodes[place]
        guard node.accepts else { return fail("nothing here") }
        var own = SchemaEvaluated(isTracked: evaluated.isTracked)
        var isValid = true
        for rule in node.rules where !apply(rule, value, &own) {
            isValid = false
            guard wantsMore else { return false }
        }
        if isValid { evaluated.add(own) }
        return isValid
    }

    private mutating func apply(_ rule: SchemaRule, _ value: SchemaValue, _ evaluated: inout SchemaEvaluated) -> Bool {
        switch rule {
        case .reference(let place): return check(place, value, &evaluated)
        case .types(let types): return types.hold(value) || fail(types.title)
        case .oneValue(let expected):
            guard spend(value.weight) else { return false }
            return value == expected || fail("the one value that is allowed")
        case .values(let allowed):
            guard spend(value.weight) else { return false }
            return allowed.contains(value) || fail("one of the \(allowed.count) allowed values")
        case .minimum, .maximum, .multipleOf:
            guard case .number(let number) = value else { return true }
            return apply(rule, number)
        case .length, .pattern, .format:
            guard case .string(let text) = value else { return true }
            return apply(rule, text)
        case .itemCount, .uniqueItems, .items, .contains, .unevaluatedItems:
            guard case .array(let items) = value else { return true }
            return apply(rule, items, &evaluated)
        case .memberCount, .required, .members, .memberNames, .dependentRequired, .unevaluatedMembers:
            guard case .object(let object) = value else { return true }
            return apply(rule, object, &evaluated)
        case .dependentSchemas(let dependencies):
            guard case .object(let object) = value else { return true }
            var isValid = true
            for (name, schema) in dependencies where object.place(of: name) != nil {
                isValid = check(schema, value, &evaluated) && isValid
            }
            return isValid
        case .all, .any, .one, .not, .condition: return combine(rule, value, &evaluated)
        }
    }

    private mutating func apply(_ rule: SchemaRule, _ number: SchemaNumber) -> Bool {
        guard spend(number.digits.count) else { return false }
        switch rule {
        case .minimum(let bound, let isExclusive):
            let isValid = isExclusive ? bound < number : !(number < bound)
            return isValid || fail(isExclusive ? "a number above the bound" : "a number not below the minimum")
        case .maximum(let bound, let isExclusive):
            let isValid = isExclusive ? number < bound : !(bound < number)
            return isValid || fail(isExclusive ? "a number below the bound" : "a number not above the maximum")
        case .multipleOf(let divisor): return number.isMultiple(of: divisor) || fail("a multiple of the given number")
        default: return true
        }
    }

    private mutating func apply(_ rule: SchemaRule, _ text: [UInt8]) -> Bool {
        guard spend(text.count / 8) else { return false }
        switch rule {
        case .length(let least, let most):
            let length = text.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
            if length < least { return fail("at least \(least) \(least == 1 ? "character" : "characters")") }
            return length <= most || fail("at most \(most) \(most == 1 ? "character" : "characters")")
        case .pattern(let pattern):
            guard let isMatch = matches(pattern, text) else { return false }
            return isMatch || fail("a text of the given pattern")
        case .format(let format): return format.matches(text) || fail("a text of the format \(format.rawValue)")
        default: return true
        }
    }

    /// Whether a pattern occurs in a text; `nil` when the check was given up.
    mutating func matches(_ pattern: JSONPattern, _ text: [UInt8]) -> Bool? {
        var left = steps
        let isMatch = pattern.occurs(in: text, steps: &left)
        return spend(steps - left + (isMatch == nil ? 1 : 0)) ? isMatch : nil
    }

    private mutating func combine(
        _ rule: SchemaRule,
        _ value: SchemaValue,
        _ evaluated: inout SchemaEvaluated
    ) -> Bool {
        switch rule {
        case .all(let places):
            var isValid = true
            for place in places where !check(place, value, &evaluated) {
                isValid = false
                guard wantsMore else { return false }
            }
            return isValid
        case .any(let places):
            var isValid = false
            for place in places where quietly({ $0.check(place, value, &evaluated) }) {
                isValid = true
                // Later ones may evaluate more.
                if !evaluated.isTracked { return true }
            }
            return isValid || failAll(places, value, "something that follows one of \(places.count) alternatives")
        case .one(let places):
            var count = 0
            for place in places where quietly({ $0.check(place, value, &evaluated) }) { count += 1 }
            if count > 1 { return fail("something that follows one of the alternatives, not \(count) of them") }
            return count == 1 || failAll(places, value, "something that follows one of \(places.count) alternatives")
        case .not(let place):
            // What a failed schema evaluated does not count, and a passed one fails here.
            let isMatch = quietly { $0.check(place, value) }
            return !hasGivenUp && (!isMatch || fail("something that does not follow the excluded schema"))
        case .condition(let condition, let then, let otherwise):
            if quietly({ $0.check(condition, value, &evaluated) }) {
                return then.map { check($0, value, &evaluated) } ?? true
            }
            if hasGivenUp { return false }
            return otherwise.map { check($0, value, &evaluated) } ?? true
        default: return true
        }
    }

    private mutating func quietly(_ body: (inout Self) -> Bool) -> Bool {
        quiet += 1
        defer { quiet -= 1 }
        return body(&self)
    }

    /// Notes that no alternative fits, and what the nearest one lacks: that whose first violation lies deepest.
    private mutating func failAll(_ places: [Int], _ value: SchemaValue, _ expected: String) -> Bool {
        guard wantsMore else { return false }
        let known = violations
        _ = fail(expected)
        // Each search looks at all alternatives again, and so may those inside it.
        guard searches < 3 else { return false }
        searches += 1
        defer { searches -= 1 }
        let noted = violations
        var nearest: [JSONSchemaViolation] = []
        var deepest = SchemaPointer.text(path).depth
        for place in places {
            violations = known
            _ = check(place, value)
            let own = violations.dropFirst(known.count)
            if let first = own.first, first.pointer.depth > deepest {
                deepest = first.pointer.depth
                nearest = Array(own)
            }
        }
        violations = Array((noted + nearest).prefix(schema.limits.maxViolations))
        return false
    }
}

extension String {
    /// How many steps a pointer has.
    fileprivate var depth: Int { utf8.reduce(0) { $1 == UInt8(ascii: "/") ? $0 + 1 : $0 } }
}

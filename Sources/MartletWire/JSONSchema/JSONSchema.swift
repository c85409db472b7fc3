/// A JSON Schema, compiled once to check many documents.
///
/// What it knows of draft 2020-12: all of the core, applicator, unevaluated and validation vocabularies within one
/// document: boolean schemas; `$ref`, `$dynamicRef`, `$anchor`, `$dynamicAnchor`, `$defs`, JSON pointers and `$id`;
/// `allOf`, `anyOf`, `oneOf`, `not`, `if`/`then`/`else`, `dependentSchemas`; `properties`, `patternProperties`,
/// `additionalProperties`, `propertyNames`, `unevaluatedProperties`; `prefixItems`, `items`, `contains` with its bounds,
/// `unevaluatedItems`; `type`, `enum`, `const`, all bounds, `multipleOf`, `pattern`, `uniqueItems`, `required`,
/// `dependentRequired`. `format` is asserted only on request. Of older drafts: `definitions`, a list as `items` with
/// `additionalItems`, `dependencies`, booleans beside `minimum` and `maximum`, and `$ref` that hides its neighbours,
/// each where `$schema` names a draft that has it.
///
/// Where it differs: `$dynamicRef` finds what `$ref` would, which is the same within one resource; an `$id` is matched
/// by its text, not resolved against a base; nothing is ever fetched; what ``JSONPattern`` cannot express is named in
/// ``unchecked`` and passes.
///
/// Numbers are compared exactly, as decimals. Work and depth are bounded by ``JSONSchemaLimits``.
///
/// - SeeAlso: JSON Schema, draft 2020-12, Core and Validation.
public struct JSONSchema: Sendable {
    /// Where the schema says something that is not checked, as JSON pointers (RFC 6901) into it.
    public let unchecked: [String]
    let nodes: [SchemaNode]
    let root: Int
    let tracksEvaluation: Bool
    let limits: JSONSchemaLimits

    /// Compiles a schema.
    ///
    /// - Parameters:
    ///   - document: The schema.
    ///   - limits: What compiling and checking may cost.
    ///   - assertsFormats: Whether texts must have the `format` that is asked for, where it is one of `date-time`, `date`,
    ///     `time`, `email`, `ipv4`, `ipv6` and `uuid`.
    /// - Throws: ``JSONSchemaError`` when it is no schema, refers to what is not in it, or is too large.
    public init(
        _ document: JSONDocument,
        limits: JSONSchemaLimits = JSONSchemaLimits(),
        assertsFormats: Bool = false
    ) throws(JSONSchemaError) {
        guard document.bytes.count <= limits.maxBytes else { throw JSONSchemaError(pointer: "", expected: "smaller") }
        let compiled = try document.withView { (view) throws(JSONSchemaError) in
            var compiler = SchemaCompiler(view, limits: limits, assertsFormats: assertsFormats)
            let root = try compiler.compileAll()
            return (compiler, root)
        }
        nodes = compiled.0.nodes
        unchecked = compiled.0.unchecked
        tracksEvaluation = compiled.0.tracksEvaluation
        root = compiled.1
        self.limits = limits
    }

    /// Checks a document.
    ///
    /// - Parameter document: The document.
    /// - Returns: Whether it follows the schema, and if not, why.
    /// - Complexity: Bounded by ``JSONSchemaLimits/maxSteps``.
    public func check(_ document: JSONDocument) -> JSONSchemaVerdict { document.withView { check($0) } }

    /// Checks a value.
    ///
    /// - Parameter view: The value.
    /// - Returns: Whether it follows the schema, and if not, why.
    /// - Complexity: Bounded by ``JSONSchemaLimits/maxSteps``.
    public func check(_ view: JSONView) -> JSONSchemaVerdict {
        var budget = limits.maxValues
        guard let value = SchemaValue(view, budget: &budget) else { return .undecided("the document is too large") }
        var validation = SchemaValidation(self)
        return validation.verdict(on: value)
    }
}

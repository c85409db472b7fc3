import MartletCore
import MartletWire

extension [UInt8] {
    /// Reads the object of a request body.
    ///
    /// - Parameter names: Members that must be there, and not null.
    /// - Throws: ``GatewayError``: `invalid_json`, `json_too_deep`, `missing_required_parameter`, or `invalid_value` with
    ///   the field's path as `param`.
    func decoded<Value>(
        requiring names: [StaticString] = [],
        _ make: (JSONView) throws(JSONFieldError) -> Value
    ) throws(GatewayError) -> Value {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(self)
        } catch {
            throw GatewayError(error)
        }
        return try document.withView { (view) throws(GatewayError) in
            guard view.kind == .object else {
                throw GatewayError(.invalidValue, "The request body must be a JSON object.")
            }
            for name in names where view.member(name)?.isNull ?? true { throw .missing("\(name)") }
            do throws(JSONFieldError) {
                return try make(view)
            } catch {
                throw GatewayError(error)
            }
        }
    }

    /// Reads the value of an answer.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)`` when it is no JSON, and what reading it throws.
    func answered<Value>(_ make: (JSONView) throws(ChatFailure) -> Value) throws(ChatFailure) -> Value {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(self)
        } catch {
            throw .malformed(error.description)
        }
        return try document.withView(make)
    }
}

extension GatewayError {
    /// A request without something it must have.
    static func missing(_ name: String) -> GatewayError {
        GatewayError(.missingRequiredParameter, "Missing required parameter: '\(name)'.", param: name)
    }
}

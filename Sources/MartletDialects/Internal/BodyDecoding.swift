import MartletCore
import MartletWire

extension [UInt8] {
    /// Reads the object of a request body.
    func decoded<Value>(
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
            do throws(JSONFieldError) {
                return try make(view)
            } catch {
                throw GatewayError(error)
            }
        }
    }

    /// Reads the value of an answer.
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

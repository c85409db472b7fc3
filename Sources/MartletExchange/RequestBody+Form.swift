import MartletCore
import MartletRouting
import MartletWire
import NIOCore

extension RequestBody {
    /// What the gateway needs to know of a body that passes: its model.
    ///
    /// - Parameter contentType: The value of `Content-Type`.
    /// - Throws: ``GatewayError`` when the body is no form, or `model` no possible name.
    func passThroughFacts(contentType: String?) throws(GatewayError) -> RequestFacts {
        var facts = RequestFacts()
        facts.bodyBytes = count
        guard count > 0 else { return facts }
        let bytes = buffer
        if MediaType.essence(of: contentType ?? "") == "multipart/form-data" {
            let form: MultipartForm
            do throws(MultipartForm.FormError) {
                form = try MultipartForm(bytes.readableBytesUInt8Span, contentType: contentType ?? "")
            } catch {
                throw GatewayError(.invalidValue, "The body is no multipart/form-data (\(error)).")
            }
            guard let value = form.value("model") else { return facts }
            facts.modelValue = value
            facts.model = try Self.modelName(Array(bytes.readableBytesView)[value])
        } else if let view = modelView() {
            facts.modelValue = view.range
            facts.model = try Self.modelName(view.bytes[...])
        }
        return facts
    }

    /// The value of `model` in a body of JSON.
    private func modelView() -> (range: Range<Int>, bytes: [UInt8])? {
        guard let member = member("model"), member.kind == .string else { return nil }
        let view = buffer.readableBytesView
        let start = view.startIndex
        let inner = (member.value.lowerBound + 1)..<(member.value.upperBound - 1)
        return (member.value, Array(view[(start + inner.lowerBound)..<(start + inner.upperBound)]))
    }

    private static func modelName(_ bytes: ArraySlice<UInt8>) throws(GatewayError) -> ModelName? {
        if bytes.isEmpty { return nil }
        guard bytes.count <= 256, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) else {
            throw GatewayError(.invalidValue, "model is no possible name of a model.", param: "model")
        }
        return ModelName(String(decoding: bytes, as: UTF8.self))
    }

    /// The body for a target, with its own name of the model.
    func passed(to target: Target, facts: RequestFacts, isForm: Bool) -> SplicedBody {
        var splice = JSONSplice()
        if let value = facts.modelValue, facts.model?.rawValue != target.upstreamModel {
            var writer = JSONWriter()
            writer.string(target.upstreamModel)
            splice.replace(value, with: isForm ? Array(target.upstreamModel.utf8) : writer.bytes)
        }
        return SplicedBody(original: buffer, edits: splice)
    }
}

import MartletCore
import MartletDialects
import MartletRouting
import MartletWire
import NIOCore

extension RequestBody {
    /// What the gateway needs to know of a body that passes: its model.
    ///
    /// - Throws: ``GatewayError`` when the body is no form, or `model` no possible name.
    func passThroughFacts() throws(GatewayError) -> RequestFacts {
        var facts = RequestFacts()
        facts.bodyBytes = count
        guard count > 0 else { return facts }
        if let form = upload?.value.form {
            do throws(MultipartForm.FormError) {
                try form.finish()
            } catch {
                throw Exchange.notAForm(error)
            }
            guard let value = form.value("model") else { return facts }
            facts.modelValue = value
            // A longer value is not kept, and no name.
            facts.model = try Self.modelName(form.bytes("model") ?? [0])
        } else {
            facts = try unsafe reading { (bytes, scanner) throws(GatewayError) in
                unsafe try OpenAIPassFacts.read(bytes, scanner: scanner)
            }
        }
        return facts
    }

    private static func modelName(_ bytes: [UInt8]) throws(GatewayError) -> ModelName? {
        if bytes.isEmpty { return nil }
        guard bytes.count <= 256, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) else {
            throw GatewayError(.invalidValue, "model is no possible name of a model.", param: "model")
        }
        return ModelName(String(decoding: bytes, as: UTF8.self))
    }

    /// The body for a target: with its own name of the model, and without what speaks to the gateway.
    func passed(to target: Target, facts: RequestFacts) -> SplicedBody {
        guard count > 0, let upload = upload?.value else { return spliced(.openAIChat, for: target, facts: facts) }
        var splice = JSONSplice()
        if let value = facts.modelValue, facts.model?.rawValue != target.upstreamModel {
            splice.replace(value, with: Array(target.upstreamModel.utf8))
        }
        guard let file = upload.file else { return SplicedBody(original: buffer, edits: splice) }
        return SplicedBody(file: file, length: upload.written, edits: splice)
    }
}

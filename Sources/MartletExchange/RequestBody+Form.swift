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
                throw .notAForm(error)
            }
            if let route = form.bytes("route") {
                facts.route = Route(asked: String(decoding: route, as: UTF8.self))
                if facts.route == nil { throw GatewayError(.invalidValue, "route \(Route.rule)", param: "route") }
            }
            facts.provider = form.bytes("provider").map { String(decoding: $0, as: UTF8.self) }
            guard let value = form.value("model") else { return facts }
            facts.modelValue = value
            // A longer value is not kept, and no name.
            facts.model = try OpenAIPassFacts.modelName(form.bytes("model") ?? [0])
        } else {
            facts = try unsafe reading { (bytes, scanner) throws(GatewayError) in
                unsafe try OpenAIPassFacts.read(bytes, scanner: scanner)
            }
        }
        return facts
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

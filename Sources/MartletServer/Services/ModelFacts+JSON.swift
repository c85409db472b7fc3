import MartletCore
import MartletGovernance
import MartletRouting
import MartletWire

extension ModelFacts {
    /// Writes what is known as members of an object; prices are decimals in dollars a million tokens, as texts.
    func writeMembers(to writer: inout JSONWriter) {
        if let kind { writer.member("kind", kind) }
        writer.count("context_window", contextWindow)
        writer.count("max_output_tokens", maxOutputTokens)
        if let capabilities {
            writer.key("capabilities")
            writer.beginArray()
            for capability in capabilities { writer.string(capability) }
            writer.endArray()
        }
        writer.count("dimensions", dimensions)
        if let price {
            writer.key("pricing")
            writer.beginObject()
            price.rates.writeMembers(to: &writer)
            if let tier = price.longPrompt {
                writer.key("long_prompt")
                writer.beginObject()
                writer.key("above_tokens")
                writer.integer(tier.aboveTokens)
                tier.rates.writeMembers(to: &writer)
                writer.endObject()
            }
            writer.endObject()
        }
        if let retires { writer.member("retires", retires) }
    }
}

extension TokenRates {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("input_usd_per_mtok", input.usdPerMillionText)
        writer.member("output_usd_per_mtok", output.usdPerMillionText)
        if let cacheRead { writer.member("cache_read_usd_per_mtok", cacheRead.usdPerMillionText) }
        if let cacheWrite { writer.member("cache_write_usd_per_mtok", cacheWrite.usdPerMillionText) }
        if let cacheWrite1h { writer.member("cache_write_1h_usd_per_mtok", cacheWrite1h.usdPerMillionText) }
    }
}

extension JSONWriter {
    fileprivate mutating func count(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        key(name)
        integer(Int64(value))
    }
}

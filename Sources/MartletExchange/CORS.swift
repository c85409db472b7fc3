public import MartletRouting

/// What browsers are told about pages of other origins (WHATWG Fetch, "CORS protocol").
public enum CORS {
    /// What `Access-Control-Allow-Origin` says to an origin; `nil` for one that is not configured.
    static func allowed(_ origin: String?, by configured: [String]) -> String? {
        guard let origin, !configured.isEmpty else { return nil }
        if configured.contains("*") { return "*" }
        return configured.contains(origin) ? origin : nil
    }

    /// Fields of an answer that a page of an allowed origin may read.
    public static func fields(_ allowed: String) -> [HeaderField] {
        [
            HeaderField(name: "access-control-allow-origin", value: allowed),
            HeaderField(name: "vary", value: "origin"),
            HeaderField(name: "access-control-expose-headers", value: exposed),
        ]
    }

    /// Fields of the answer to a preflight.
    ///
    /// - Parameter requested: What the browser asks to send; of that, what the APIs know is allowed.
    static func preflight(methods: String, requested: String?) -> [HeaderField] {
        let names = (requested ?? "").split(separator: ",").map {
            $0.trimming { $0 == " " || $0 == "\t" }.lowercased()
        }
        return [
            HeaderField(name: "access-control-allow-methods", value: methods),
            HeaderField(name: "access-control-allow-headers", value: names.filter(isKnown).joined(separator: ", ")),
            HeaderField(name: "access-control-max-age", value: "600"),
        ]
    }

    private static let exposed =
        "x-request-id, request-id, retry-after, retry-after-ms, x-should-retry, x-gateway, x-provider, x-model-source,"
        + " x-cache, x-ratelimit-remaining, x-gateway-model, x-gateway-route, x-gateway-attempts, x-gateway-dropped,"
        + " x-gateway-cost-usd, x-gateway-estimated"

    private static func isKnown(_ name: String) -> Bool {
        let isToken = name.utf8.allSatisfy { byte in
            byte == 0x2D || byte == 0x5F || byte &- 0x30 < 10 || byte &- 0x61 < 26
        }
        let names = ["authorization", "content-type", "accept", "x-api-key", "api-key", "x-request-id", "user-agent"]
        let prefixes = ["anthropic-", "x-gateway-", "x-stainless-", "openai-", "x-openwebui-", "x-client-"]
        return isToken && (names.contains(name) || prefixes.contains { name.hasPrefix($0) })
    }
}

extension Substring {
    fileprivate func trimming(_ isSpace: (Character) -> Bool) -> Substring {
        var rest = self
        while let first = rest.first, isSpace(first) { rest.removeFirst() }
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }
}

extension ConfigSchema {
    static let routing = SchemaTable(
        "What happens when a request names no concrete model.",
        [
            SchemaKey("default_model", .string, "The model of requests that name none.", default: "\"auto\""),
            SchemaKey(
                "default",
                .choice(["local", "auto", "cloud", "fallback"]),
                "The route of requests that name neither a model nor a route.",
                default: "\"auto\""
            ),
            SchemaKey("cloud_model", .string, "What `auto` uses beyond this machine.", default: "\"cloud-balanced\""),
            SchemaKey("fallbacks", fallbacks, "Models tried after the one asked for, on the route `fallback`."),
            SchemaKey(
                "allow_request_override",
                .boolean,
                "Whether requests may choose route and fallbacks.",
                default: "true"
            ),
            SchemaKey("auto", .table(auto), "When a request may stay local."),
            SchemaKey("smart", .table(smart), "Tiers of models."),
            SchemaKey("cascade", .table(cascade), "Escalation of weak answers.", isBuilt: false),
        ]
    )

    private static let auto = SchemaTable(
        "When a request may stay local.",
        [
            SchemaKey("max_prompt_tokens", .count, "Longest prompt, in tokens by estimate.", default: "8192"),
            SchemaKey("min_free_memory_gb", .decimal(0...1_000_000), "Free memory, GiB.", default: "4", isBuilt: false),
            SchemaKey(
                "on_battery",
                .choice(["prefer_local", "neutral", "prefer_cloud"]),
                "On battery.",
                default: "\"prefer_local\"",
                isBuilt: false
            ),
            SchemaKey(
                "safety",
                .table(
                    SchemaTable(
                        "Safety.",
                        [SchemaKey("keep_local", .strings, "Classes that stay on this machine.", isBuilt: false)]
                    )
                ),
                "Safety.",
                isBuilt: false
            ),
            SchemaKey("quality_override", .boolean, "Whether X-Gateway-Quality counts.", default: "true"),
        ]
    )

    private static let smart = SchemaTable(
        "Tiers of models.",
        [
            SchemaKey(
                "enabled",
                .boolean,
                "Whether tiers are picked.",
                default: "true",
                variables: ["ENABLE_SMART_ROUTING"]
            ),
            SchemaKey(
                "mode",
                .choice(["local_first", "keyword", "learned"]),
                "How.",
                default: "\"local_first\"",
                variables: ["SMART_ROUTING_MODE"],
                isBuilt: false
            ),
            SchemaKey(
                "tiers",
                .table(
                    SchemaTable(
                        "Models of tiers.",
                        [
                            SchemaKey("local", .string, "On this machine."),
                            SchemaKey("standard", .string, "Default.", synonyms: ["sonnet"]),
                            SchemaKey("strong", .string, "Best.", synonyms: ["opus"]),
                        ]
                    )
                ),
                "Models of tiers."
            ),
            SchemaKey(
                "semantic_signal",
                .boolean,
                "Meaning as a signal.",
                default: "false",
                variables: ["ENABLE_SEMANTIC_ROUTING_SIGNAL"],
                isBuilt: false
            ),
        ]
    )

    private static let cascade = SchemaTable(
        "Escalation of weak answers.",
        [
            SchemaKey(
                "enabled",
                .boolean,
                "Whether answers escalate.",
                default: "false",
                variables: ["ENABLE_CASCADE_ROUTING"],
                isBuilt: false
            ),
            SchemaKey(
                "quality_check_mode",
                .choice(["heuristic", "llm", "none"]),
                "Who judges.",
                default: "\"heuristic\"",
                variables: ["CASCADE_QUALITY_CHECK_MODE"],
                isBuilt: false
            ),
            SchemaKey(
                "min_response_length",
                .count,
                "Shortest good answer, in characters.",
                default: "100",
                variables: ["CASCADE_MIN_RESPONSE_LENGTH"],
                isBuilt: false
            ),
            SchemaKey(
                "log_outcomes",
                .boolean,
                "Outcomes are kept.",
                default: "true",
                variables: ["CASCADE_LOG_OUTCOMES"],
                isBuilt: false
            ),
        ]
    )
}

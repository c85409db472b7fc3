extension ConfigSchema {
    /// Sections that are known and wait for the version that acts on them.
    static let later: [SchemaKey] = [
        section("skills", skills),
        section("sessions", sessions),
        section("token_reduction", tokenReduction),
        section("cache", cache),
        section("rate_limiting", rateLimiting),
        section("console", console),
        open("functions", "The native layer's functions."),
        open("tools", "Tools of functions."),
        open("metrics", "Metrics of feedback."),
        open("prompts", "Shared prompts."),
        open("schemas", "Shared JSON Schemas."),
        open("projects", "Tenants and budgets."),
        open("analytics", "Where analytics go."),
        open("embedding_models", "Embedding models."),
        open("object_storage", "Where files are kept."),
        open("provider_types", "Defaults of provider types."),
        open("evaluations", "Evaluations."),
    ]

    /// Environment variables of the product that no key stands for yet.
    static let variablesWithoutKey = [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AZURE_FOUNDRY_ENDPOINT",
        "ENABLE_MULTI_PROJECT", "REDIS_URL",
    ]

    private static func section(_ name: String, _ table: SchemaTable) -> SchemaKey {
        SchemaKey(name, .table(table), table.doc, isBuilt: false)
    }

    private static func open(_ name: String, _ doc: String) -> SchemaKey {
        SchemaKey(name, .open, doc, isBuilt: false)
    }

    private static let skills = SchemaTable(
        "Skills.",
        [
            SchemaKey(
                "enabled",
                .boolean,
                "Whether skills are on.",
                default: "true",
                variables: ["ENABLE_SKILLS"],
                isBuilt: false
            ),
            SchemaKey("dir", .string, "Folder of more skills.", isBuilt: false),
        ],
        named: .open
    )

    private static let sessions = SchemaTable(
        "Sessions.",
        [
            SchemaKey("enabled", .boolean, "Whether sessions are kept.", isBuilt: false),
            SchemaKey("retention_days", .integer(0...36_500), "Days they are kept.", isBuilt: false),
        ]
    )

    private static let tokenReduction = SchemaTable(
        "Token reduction.",
        [
            SchemaKey(
                "strip_ide_boilerplate",
                .boolean,
                "Cut editors' boilerplate.",
                default: "false",
                variables: ["STRIP_IDE_BOILERPLATE"],
                isBuilt: false
            ),
            SchemaKey(
                "file_hash_cache",
                .boolean,
                "Send known files once.",
                default: "false",
                variables: ["ENABLE_FILE_HASH_CACHE"],
                isBuilt: false
            ),
            SchemaKey(
                "enforce_diff_first",
                .boolean,
                "Ask for diffs.",
                default: "false",
                variables: ["ENFORCE_DIFF_FIRST"],
                isBuilt: false
            ),
            SchemaKey(
                "system_max_chars",
                .count,
                "Longest system text; 0 is off.",
                default: "0",
                variables: ["SYSTEM_MAX_CHARS"],
                isBuilt: false
            ),
            SchemaKey(
                "user_msg_max_chars",
                .count,
                "Longest user text; 0 is off.",
                default: "0",
                variables: ["USER_MSG_MAX_CHARS"],
                isBuilt: false
            ),
            SchemaKey(
                "tool_result_max_chars",
                .count,
                "Longest tool result; 0 is off.",
                default: "0",
                variables: ["TOOL_RESULT_MAX_CHARS"],
                isBuilt: false
            ),
            SchemaKey(
                "default_max_tokens",
                .count,
                "Output limit where the target needs one; 0 is the model's own.",
                default: "0",
                variables: ["DEFAULT_MAX_TOKENS"],
                isBuilt: false
            ),
        ]
    )

    private static let cache = SchemaTable(
        "The response cache.",
        [
            SchemaKey(
                "backend",
                .choice(["off", "memory", "sqlite", "redis"]),
                "Where it lies.",
                default: "\"off\"",
                isBuilt: false
            ),
            SchemaKey("redis_url_env", .string, "Variable of Redis.", default: "\"REDIS_URL\"", isBuilt: false),
            SchemaKey(
                "ttl_s",
                .secondsOrZero,
                "Seconds an answer is kept.",
                default: "1800",
                variables: ["CACHE_TTL_SECONDS"],
                isBuilt: false
            ),
            SchemaKey("max_mb", .count, "Largest size, MiB.", default: "256", isBuilt: false),
            SchemaKey(
                "scope",
                .choice(["key", "project", "global"]),
                "Who shares answers.",
                default: "\"project\"",
                isBuilt: false
            ),
        ]
    )

    private static let rateLimiting = SchemaTable(
        "Rate limits.",
        [
            SchemaKey(
                "enabled",
                .boolean,
                "Whether limits hold.",
                default: "false",
                variables: ["RATE_LIMIT_ENABLED"],
                isBuilt: false
            ),
            SchemaKey(
                "rpm",
                .count,
                "Requests a minute and project.",
                default: "60",
                variables: ["RATE_LIMIT_RPM"],
                isBuilt: false
            ),
            SchemaKey("rules", .array(.open), "Rules.", isBuilt: false),
        ]
    )

    private static let console = SchemaTable(
        "The web console.",
        [
            SchemaKey("enabled", .boolean, "Whether it exists.", default: "true", isBuilt: false),
            SchemaKey("path", .string, "Its path.", default: "\"/ui\"", isBuilt: false),
        ]
    )
}

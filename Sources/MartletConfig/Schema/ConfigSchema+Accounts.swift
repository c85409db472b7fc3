internal import MartletProviders

extension ConfigSchema {
    /// What an account may say about its server's chat completions.
    private static let quirks = SchemaTable(
        "How chat completions differ from OpenAI's.",
        [
            SchemaKey(
                "token_limit",
                .choice(["max_tokens", "max_completion_tokens", "either"]),
                "The member that limits the tokens of an answer."
            ),
            SchemaKey("members", .strings, "The only members of requests that are sent."),
            SchemaKey("message_members", .strings, "The only members of messages that are sent."),
            SchemaKey(
                "history",
                .choice(["reasoning", "parts", "omitted"]),
                "Where an assistant's earlier reasoning is sent."
            ),
            SchemaKey(
                "formats",
                .choice(["object_only", "schema_only", "value"]),
                "How the shape of an answer is asked for."
            ),
            SchemaKey(
                "continues",
                .choice(["plain", "prefix", "final_message", "never"]),
                "How it is asked to go on from a text, for `reliability.stitch`; default is the type's."
            ),
            SchemaKey("call_id_length", .count, "The length of its ids of tool calls."),
            SchemaKey("only_system_role", .boolean, "Whether `developer` is sent as `system`."),
            SchemaKey(
                "refuses_null",
                .boolean,
                "Whether members of an assistant's message that are null are left out."
            ),
            SchemaKey("refuses_strict", .boolean, "Whether `strict` is left out of tools."),
            SchemaKey("refuses_forced_tools", .boolean, "Whether no tool may be forced."),
            SchemaKey("refuses_tools_in_streams", .boolean, "Whether requests for streams with tools are refused."),
            SchemaKey("thinks_in_tags", .boolean, "Whether text may begin with reasoning between `<think>` tags."),
            SchemaKey(
                "wants_reasoning_with_calls",
                .boolean,
                "Whether an assistant's message with tool calls must have `reasoning_content`."
            ),
            SchemaKey("rewrites_answers", .boolean, "Whether answers are written anew for every caller."),
        ]
    )

    private static let healthCheck = SchemaTable(
        "Probes of an account while circuits of its targets are open.",
        [
            SchemaKey("enabled", .boolean, "Whether it is probed.", default: "false"),
            SchemaKey("interval_s", .seconds, "Seconds between two probes.", default: "5"),
            SchemaKey("timeout_s", .seconds, "Seconds an answer may take.", default: "2"),
            SchemaKey("path", .string, "What is asked for, below its base path.", default: "\"/models\""),
        ]
    )

    /// Keys that an account's own table and an inline account in `[models.M.providers.P]` share.
    private static let accountKeys: [SchemaKey] = [
        SchemaKey("type", .string, "The provider type, or the account; default is the table's name."),
        SchemaKey(
            "base_url",
            .string,
            "Where it listens, without /chat/completions.",
            synonyms: ["api_base", "endpoint", "endpoint_url"]
        ),
        SchemaKey(
            "api_key_location",
            .location,
            "Where its key is; default is the type's environment variable.",
            synonyms: ["credential_location"]
        ),
        SchemaKey(
            "headers",
            .table(SchemaTable("Header fields.", [], named: .string)),
            "Header fields sent along."
        ),
        SchemaKey("timeout_s", .seconds, "Seconds for one attempt."),
        SchemaKey("connect_timeout_s", .seconds, "Seconds for dial and TLS."),
        SchemaKey("first_token_timeout_s", .seconds, "Seconds to the first content of a stream."),
        SchemaKey("max_concurrency", .count, "Requests in flight; 0 is no own limit.", default: "0"),
        SchemaKey("health_check", .table(healthCheck), "Probes while circuits of its targets are open."),
        SchemaKey(
            "hosted_provider",
            .choice(["openai", "tgi"]),  // What runs in a container, no provider.
            "What runs behind an endpoint of one's own.",
            default: "\"openai\"",
            synonyms: ["container"]
        ),
        SchemaKey("container_model", .string, "What the server behind such an endpoint calls its model."),
        SchemaKey("inference_component", .string, "Which of the models behind such an endpoint answers."),
        SchemaKey("drop_params", .strings, "Members taken out of requests.", default: "[]"),
        SchemaKey(
            "tls",
            .table(
                SchemaTable(
                    "TLS towards it.",
                    [
                        SchemaKey("ca_file", .string, "PEM file of roots in place of the system's."),
                        SchemaKey(
                            "insecure",
                            .boolean,
                            "Whether certificates go unchecked; for tests.",
                            default: "false"
                        ),
                        SchemaKey("cert", .string, "PEM file of the client certificate."),
                        SchemaKey("key", .string, "PEM file of its key."),
                    ]
                )
            ),
            "TLS towards it."
        ),
        SchemaKey("auth_header", .string, "The field that carries the key; default is the type's."),
        SchemaKey("auth_prefix", .string, "What stands before the key in that field; default is the type's."),
        SchemaKey("stream_usage", .boolean, "Whether streams may be asked for their usage; default is the type's."),
        SchemaKey("quirks", .table(quirks), "How its chat completions differ from OpenAI's, over what the type says."),
        SchemaKey(
            "api_version",
            .string,
            "Version of the API, for addresses that have one, such as Azure's older ones."
        ),
        SchemaKey("proxy", .string, "HTTP proxy; empty goes without the environment's."),
        SchemaKey(
            "region",
            .string,
            "Where requests are served, for extensions and AWS: a name, a location, or sdk; default for AWS is AWS_REGION, "
                + "then the profile's."
        ),
        SchemaKey(
            "inference_profile",
            .string,
            "Whose profiles serve models asked for by the registry's name, like `eu` or `global`; default is none."
        ),
        SchemaKey(
            "auth",
            .choice(AuthScheme.names),
            "How requests show who sends them, where it is not the type's own way."
        ),
        SchemaKey("auth_service", .string, "The service's name in AWS signatures (bedrock, bedrock-mantle)."),
        SchemaKey("auth_scope", .string, "What tokens are asked for."),
        SchemaKey("profile", .string, "Profile of AWS's files; default is AWS_PROFILE."),
        SchemaKey("access_key_id", .string, "Access key of AWS: a value or a location."),
        SchemaKey("secret_access_key", .string, "Its secret: a value or a location."),
        SchemaKey("session_token", .string, "Its session token: a value or a location."),
        SchemaKey("location", .string, "Google Cloud location, like `europe-west4`, `eu` or `global`."),
        SchemaKey(
            "allow_storage_urls",
            .boolean,
            "Whether callers may name objects of cloud storage (s3://, gs://), which are read with the account's rights.",
            default: "false"
        ),
        SchemaKey("project_id", .string, "Google Cloud project."),
        SchemaKey(
            "prompt_cache",
            .choice(["off", "auto", "system"]),
            "Cache marks the gateway sets in prompts: behind tools and system texts, and behind the conversation (auto).",
            default: "\"off\"",
            variables: ["ENABLE_ANTHROPIC_CACHE_CONTROL"]
        ),
        SchemaKey(
            "api_type",
            .choice(["chat_completions", "responses"]),
            "Which API of the provider.",
            default: "\"chat_completions\"",
            isBuilt: false
        ),
    ]

    static let account = SchemaTable(
        "A provider account.",
        [SchemaKey("enabled", .boolean, "Whether it is on; default: as soon as its credential resolves.")]
            + accountKeys
    )

    static let local = SchemaTable(
        "The engine on this machine.",
        [
            SchemaKey("engine", .string, "Its provider type; auto asks it.", default: "\"auto\""),
            SchemaKey(
                "base_url",
                .string,
                "Where it listens; absent: usual loopback ports are probed.",
                variables: ["LOCAL_LLM_BASE_URL"],
                synonyms: ["api_base", "endpoint", "endpoint_url"]
            ),
            SchemaKey(
                "default_model",
                .string,
                "The model when only `local` is asked for.",
                variables: ["LOCAL_LLM_DEFAULT_MODEL"]
            ),
            SchemaKey("allowed_models", .strings, "The only models that may be used; absent allows all."),
            SchemaKey(
                "timeout_s",
                .seconds,
                "Seconds for one attempt.",
                default: "120",
                variables: ["LOCAL_LLM_TIMEOUT_SECONDS"]
            ),
            SchemaKey(
                "keep_alive",
                .string,
                "How long Ollama keeps a model loaded after a request.",
                default: "\"10m\""
            ),
            SchemaKey("warm", .strings, "Models loaded at start.", isBuilt: false),
            SchemaKey("max_loaded", .count, "Models loaded at once.", default: "2", isBuilt: false),
            SchemaKey("models_dir", .string, "Folder of model files.", isBuilt: false),
            SchemaKey("memory_budget_gb", .decimal(0...1_000_000), "Memory for models, in GiB.", isBuilt: false),
            SchemaKey(
                "cf_access",
                .table(
                    SchemaTable(
                        "Cloudflare Access service token.",
                        [
                            SchemaKey(
                                "client_id_env",
                                .string,
                                "Variable of the client id.",
                                default: "\"LOCAL_CF_ACCESS_CLIENT_ID\""
                            ),
                            SchemaKey(
                                "client_secret_env",
                                .string,
                                "Variable of the client secret.",
                                default: "\"LOCAL_CF_ACCESS_CLIENT_SECRET\""
                            ),
                        ]
                    )
                ),
                "Cloudflare Access service token."
            ),
        ]
    )

    static let model = SchemaTable(
        "A model name.",
        [
            SchemaKey("routing", .strings, "Its providers, best first; default: as they stand in the file."),
            SchemaKey("context_window", .integer(1...1_000_000_000), "Tokens it can hold."),
            SchemaKey("input_price_per_mtok", .price, "Dollars per million fresh input tokens."),
            SchemaKey("output_price_per_mtok", .price, "Dollars per million output tokens."),
            SchemaKey("cache_read_price_per_mtok", .price, "Dollars per million tokens read from a cache."),
            SchemaKey("cache_write_price_per_mtok", .price, "Dollars per million tokens written to a cache."),
            SchemaKey("cache_write_1h_price_per_mtok", .price, "Dollars per million tokens cached for an hour."),
            SchemaKey("capabilities", .strings, "What it can do; what the list leaves out, it cannot."),
            SchemaKey("timeouts", .open, "Limits of time.", isBuilt: false),
            SchemaKey("skip_relay", .boolean, "No relay.", default: "false", isBuilt: false),
            SchemaKey("namespace", .string, "Usable in this namespace only.", isBuilt: false),
            SchemaKey(
                "providers",
                .table(SchemaTable("Providers of the model.", [], named: .table(modelProvider))),
                "Providers of the model, one table each."
            ),
        ]
    )

    static let modelProvider = SchemaTable(
        "A provider of a model.",
        accountKeys + [
            SchemaKey(
                "model_name",
                .string,
                "The provider's name of the model.",
                synonyms: ["model_id", "deployment_id", "endpoint_name"]
            ),
            SchemaKey("timeouts", .open, "Limits of time.", isBuilt: false),
            SchemaKey("extra_body", .open, "Members added to requests.", isBuilt: false),
            SchemaKey("extra_headers", .open, "Header fields added to requests.", isBuilt: false),
            SchemaKey("cost", .open, "Cost from the provider's answer.", isBuilt: false),
            SchemaKey("batch_cost", .open, "Cost of batches.", isBuilt: false),
            SchemaKey("discard_unknown_chunks", .boolean, "Drop unknown chunks.", default: "false", isBuilt: false),
        ]
    )

    /// Names of capabilities that models may declare.
    static let capabilities = ["stream", "tools", "json_schema", "vision", "reasoning", "embeddings"]
}

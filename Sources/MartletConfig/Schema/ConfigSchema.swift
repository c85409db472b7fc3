/// Every section of `martlet.toml`.
enum ConfigSchema {
    /// The whole file.
    static let root = SchemaTable(
        "Martlet's configuration; every key is optional.",
        [
            SchemaKey("version", .integer(1...1), "Version of the file format.", default: "1"),
            SchemaKey("server", .table(server), "The listener."),
            SchemaKey("gateway", .table(gateway), "The gateway and its provider accounts.", synonyms: ["ai"]),
            SchemaKey("local", .table(local), "The engine on this machine."),
            SchemaKey(
                "models",
                .table(SchemaTable("Model names.", [], named: .table(model))),
                "Model names, each with an ordered list of providers."
            ),
            SchemaKey("aliases", .table(aliases), "Names that stand for several models."),
            SchemaKey("routing", .table(routing), "What happens when a request names no concrete model."),
            SchemaKey("reliability", .table(reliability), "Limits of time, retries and concurrency."),
            SchemaKey("storage", .table(storage), "Where state is kept."),
            SchemaKey("observability", .table(observability), "Logs and metrics."),
        ] + later
    )

    static let server = SchemaTable(
        "The listener.",
        [
            SchemaKey(
                "bind",
                .string,
                "Host and port to listen on; port 0 picks one.",
                default: "\"127.0.0.1:8004\"",
                variables: ["MARTLET_BIND", "MARTLET_AI_BIND"]
            ),
            SchemaKey("admin_bind", .string, "Own listener for admin routes.", default: "\"\"", isBuilt: false),
            SchemaKey("allowed_hosts", .strings, "Host names accepted besides the loopback ones.", default: "[]"),
            SchemaKey(
                "base_paths",
                .strings,
                "Where the OpenAI surface is mounted.",
                default: "[\"/v1\", \"/ai/v1\", \"/openai/v1\"]"
            ),
            SchemaKey("max_body_mb", .integer(1...1_024), "Largest request body, in MiB.", default: "32"),
            SchemaKey(
                "drain_delay_s",
                .secondsOrZero,
                "Seconds of serving after SIGTERM while not ready.",
                default: "5"
            ),
            SchemaKey("shutdown_grace_s", .secondsOrZero, "Seconds running requests may finish in.", default: "120"),
            SchemaKey("cors_origins", .strings, "Origins that browsers may call from.", default: "[]"),
            SchemaKey("trusted_proxies", .strings, "Who may set X-Forwarded-For.", default: "[]", isBuilt: false),
            SchemaKey(
                "sse_keepalive_s",
                .secondsOrZero,
                "Seconds of silence before a comment on a stream; 0 is off.",
                default: "15"
            ),
            SchemaKey(
                "tls",
                .table(
                    SchemaTable(
                        "TLS of the listener.",
                        [
                            SchemaKey("cert", .string, "PEM file of the certificate chain."),
                            SchemaKey("key", .string, "PEM file of the private key."),
                            SchemaKey("client_ca", .string, "PEM file of client roots."),
                        ]
                    )
                ),
                "TLS of the listener; HTTP/2 by ALPN."
            ),
        ]
    )

    static let gateway = SchemaTable(
        "The gateway and its provider accounts.",
        [
            SchemaKey(
                "registry_overlay",
                .either(.string, .strings),
                "Files merged over the built-in model registry; later ones win."
            ),
            SchemaKey("registry_url", .string, "Where a newer registry is fetched; an https address."),
            SchemaKey(
                "registry_hosts",
                .strings,
                "Hosts, or HOST:PORT, it is fetched from although they are private, without TLS or on that port."
            ),
            SchemaKey("auth", .table(auth), "Who is let in."),
            SchemaKey(
                "providers",
                .table(SchemaTable("Provider accounts.", [], named: .table(account))),
                "Provider accounts, one table each."
            ),
            SchemaKey(
                "fetch_media",
                .boolean,
                "Whether pictures and documents are fetched for models that take no addresses.",
                default: "false"
            ),
            SchemaKey(
                "fetch_media_hosts",
                .strings,
                "Hosts, or HOST:PORT, that are fetched from although they are private, without TLS or on that port."
            ),
            SchemaKey("base_path", .string, "Prefix of all routes.", default: "\"/\"", isBuilt: false),
            SchemaKey("debug", .boolean, "Raw provider texts in errors.", default: "false", isBuilt: false),
            SchemaKey("observability", .open, "Recording of inferences.", isBuilt: false),
            SchemaKey("cache", .open, "The inference cache.", isBuilt: false),
            SchemaKey("export", .open, "Export of traces.", isBuilt: false),
        ]
    )

    static let auth = SchemaTable(
        "Who is let in.",
        [
            SchemaKey(
                "enabled",
                .boolean,
                "Whether a key is needed; false is accepted on a loopback bind only.",
                default: "true"
            ),
            SchemaKey(
                "api_key_location",
                .location,
                "One static key beside the created ones.",
                default: "\"env::GATEWAY_API_KEY\"",
                synonyms: ["credential_location"]
            ),
            SchemaKey("admin_key_location", .location, "The key of /admin.", default: "\"env::ADMIN_KEY\""),
            SchemaKey(
                "pepper_location",
                .location,
                "The secret that stored keys are hashed with; else a file is made.",
                isBuilt: false
            ),
            SchemaKey(
                "jwt",
                .table(
                    SchemaTable(
                        "Tokens of an identity provider.",
                        [
                            SchemaKey(
                                "jwks_url",
                                .string,
                                "Where the signing keys are.",
                                variables: ["MARTLET_AI_AUTH_URL"],
                                isBuilt: false
                            ),
                            SchemaKey("issuer", .string, "Accepted issuer.", isBuilt: false),
                            SchemaKey("audience", .string, "Accepted audience.", isBuilt: false),
                            SchemaKey("user_claim", .string, "Claim that names the user.", isBuilt: false),
                        ]
                    )
                ),
                "Tokens of an identity provider.",
                isBuilt: false
            ),
        ]
    )

    static let reliability = SchemaTable(
        "Limits of time, retries and concurrency.",
        [
            SchemaKey("retry", .table(retry), "Repeats before the first content of an answer."),
            SchemaKey("circuit_breaker", .table(circuitBreaker), "When targets that fail are left alone."),
            SchemaKey("hedge", .table(hedge), "When the next target is asked beside one that is slow."),
            SchemaKey(
                "guarantee",
                .choice(["first_token", "complete"]),
                "What must be there before a stream is sent: its first content, or all of it, so that it cannot break.",
                default: "\"first_token\""
            ),
            SchemaKey(
                "stitch",
                .boolean,
                "Whether a target that can goes on from the text of a stream that broke.",
                default: "false"
            ),
            SchemaKey("connect_timeout_s", .seconds, "Seconds for dial and TLS.", default: "5"),
            SchemaKey("response_head_timeout_s", .seconds, "Seconds to the head of an answer that is no stream."),
            SchemaKey("first_token_timeout_s", .seconds, "Seconds to the first content of a stream.", default: "60"),
            SchemaKey("idle_stream_timeout_s", .seconds, "Seconds between two events of a stream.", default: "30"),
            SchemaKey("total_timeout_s", .seconds, "Seconds for a whole request.", default: "600"),
            SchemaKey(
                "queue",
                .table(
                    SchemaTable(
                        "Waiting requests.",
                        [
                            SchemaKey("size", .integer(0...1_000_000), "Requests that may wait.", default: "256"),
                            SchemaKey("wait_s", .secondsOrZero, "Seconds one waits at most.", default: "1"),
                        ]
                    )
                ),
                "Waiting requests."
            ),
            SchemaKey(
                "concurrency",
                .table(
                    SchemaTable(
                        "Requests in flight; 0 is no limit.",
                        [
                            SchemaKey("process", .count, "In the process.", default: "4096"),
                            SchemaKey("per_key", .count, "For one key.", default: "0"),
                            SchemaKey("per_target", .count, "On one target without own limit.", default: "0"),
                        ]
                    )
                ),
                "Requests in flight."
            ),
            SchemaKey(
                "durability",
                .choice(["default", "strict"]),
                "Whether usage records are synced before the end event.",
                default: "\"default\""
            ),
        ]
    )

    static let retry = SchemaTable(
        "Repeats before the first content of an answer.",
        [
            SchemaKey(
                "enabled",
                .boolean,
                "Whether a target is tried again.",
                default: "true",
                variables: ["RETRY_ENABLED"]
            ),
            SchemaKey("num_retries", .integer(0...100), "Repeats on one target.", default: "1"),
            SchemaKey("max_attempts", .integer(1...100), "Attempts over all targets.", default: "4"),
            SchemaKey("base_delay_s", .secondsOrZero, "Base of the jittered backoff, in seconds.", default: "0.25"),
            SchemaKey("max_delay_s", .secondsOrZero, "Cap of the jittered backoff, in seconds.", default: "8"),
        ]
    )

    static let hedge = SchemaTable(
        "When the next target is asked beside one that is slow.",
        [
            SchemaKey("enabled", .boolean, "Whether that is ever done.", default: "false"),
            SchemaKey("delay_s", .seconds, "Seconds of silence; absent, as long as 95 of 100 of its answers take."),
        ]
    )

    static let circuitBreaker = SchemaTable(
        "When targets that fail are left alone.",
        [
            SchemaKey(
                "enabled",
                .boolean,
                "Whether targets that fail are left alone.",
                default: "true",
                variables: ["CIRCUIT_BREAKER_ENABLED"]
            ),
            SchemaKey("consecutive_failures", .integer(1...10_000), "Failures in a row.", default: "5"),
            SchemaKey("failure_ratio", .decimal(0...1), "Share of failures; 0 turns it off.", default: "0.5"),
            SchemaKey("min_requests", .integer(1...100_000), "Results the share needs.", default: "20"),
            SchemaKey("window_s", .seconds, "Seconds that the share looks back.", default: "30"),
            SchemaKey("open_s", .seconds, "Seconds of a first pause.", default: "5"),
            SchemaKey("max_open_s", .seconds, "Seconds of the longest pause.", default: "20"),
        ]
    )

    static let storage = SchemaTable(
        "Where state is kept.",
        [
            SchemaKey(
                "data_dir",
                .string,
                "The data folder; empty is the user's own.",
                default: "\"\"",
                variables: ["MARTLET_DATA_DIR"]
            ),
            SchemaKey(
                "url",
                .string,
                "The database; sqlite:NAME lies in the data folder.",
                default: "\"sqlite:martlet.db\"",
                variables: ["DATABASE_URL"]
            ),
            SchemaKey(
                "retention_days",
                .integer(0...36_500),
                "Days single records and responses are kept; 0 keeps them for good.",
                default: "30"
            ),
        ]
    )

    static let observability = SchemaTable(
        "Logs and metrics.",
        [
            SchemaKey(
                "prometheus",
                .table(
                    SchemaTable(
                        "The metrics page.",
                        [
                            SchemaKey(
                                "enabled",
                                .boolean,
                                "Whether it exists.",
                                default: "true",
                                variables: ["PROMETHEUS_ENABLED"]
                            ),
                            SchemaKey("path", .string, "Its path.", default: "\"/metrics\""),
                            SchemaKey("public", .boolean, "Whether it needs no key.", default: "false"),
                        ]
                    )
                ),
                "The metrics page."
            ),
            SchemaKey(
                "store_bodies",
                .choice(["off", "errors", "sampled", "all"]),
                "Which bodies are kept.",
                default: "\"off\"",
                isBuilt: false
            ),
            SchemaKey(
                "redact",
                .strings,
                "What is cut from kept bodies.",
                default: "[\"authorization\", \"email\", \"secret\"]",
                isBuilt: false
            ),
            SchemaKey("otlp_endpoint", .string, "Where traces go.", default: "\"\"", isBuilt: false),
            SchemaKey(
                "log",
                .table(
                    SchemaTable(
                        "The operational log.",
                        [
                            SchemaKey("format", .choice(["text", "json"]), "Its form.", default: "\"text\""),
                            SchemaKey(
                                "level",
                                .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
                                "Its least level.",
                                default: "\"info\"",
                                isBuilt: false
                            ),
                        ]
                    )
                ),
                "The operational log."
            ),
            SchemaKey("access_log", .string, "off, stderr or a path.", default: "\"off\""),
        ]
    )
}

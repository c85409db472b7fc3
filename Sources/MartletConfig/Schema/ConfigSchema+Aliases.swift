extension ConfigSchema {
    /// Aliases by name.
    static let aliases = SchemaTable("Names that stand for several models.", [], named: .table(alias))

    private static let alias = SchemaTable(
        "An alias.",
        [
            SchemaKey(
                "strategy",
                .choice(["first", "random", "round_robin", "cheapest", "fastest"]),
                "How the targets are ordered for a request.",
                default: "\"first\""
            ),
            SchemaKey(
                "targets",
                .array(.either(.string, .table(aliasTarget))),
                "Models, other aliases, provider::MODEL or local:NAME; at most 64 targets, counted through other aliases."
            ),
            SchemaKey(
                "sticky",
                .boolean,
                "Whether requests that begin alike go to the same target (random, round_robin, fastest).",
                default: "false"
            ),
            SchemaKey(
                "expected_tokens",
                .either(.choice(["equal", "request"]), .table(expectedTokens)),
                "What cheapest reckons with: both prices, the request's own tokens, or { input, output }.",
                default: "\"equal\""
            ),
        ]
    )

    private static let aliasTarget = SchemaTable(
        "A target of an alias.",
        [
            SchemaKey("model", .string, "Its name."),
            SchemaKey("weight", .decimal(0.001...1_000_000), "Its share (random, round_robin).", default: "1"),
        ]
    )

    private static let expectedTokens = SchemaTable(
        "A mix of tokens.",
        [
            SchemaKey("input", .integer(0...1_000_000_000), "Tokens of prompts.", default: "0"),
            SchemaKey("output", .integer(0...1_000_000_000), "Tokens of answers.", default: "0"),
        ]
    )

    /// Models that are tried after another.
    static let fallbacks = SchemaType.array(
        .either(.string, .table(SchemaTable("A model.", [SchemaKey("model", .string, "Its name.")])))
    )
}

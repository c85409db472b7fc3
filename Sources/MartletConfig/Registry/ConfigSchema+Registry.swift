extension ConfigSchema {
    /// A file of model facts that is merged over the built-in registry.
    static let registry = SchemaTable(
        "Model facts.",
        [
            SchemaKey(
                "models",
                .table(
                    SchemaTable(
                        "Models by name.",
                        [],
                        named: .table(SchemaTable("A model's providers.", [], named: .table(registryRow)))
                    )
                ),
                "Models by name and provider."
            ),
            SchemaKey("aliases", .table(aliases), "Names that stand for several models."),
        ]
    )

    private static let registryPrices = [
        SchemaKey("input_price_per_mtok", .price, "Dollars per million fresh input tokens."),
        SchemaKey("output_price_per_mtok", .price, "Dollars per million output tokens."),
        SchemaKey("cache_read_price_per_mtok", .price, "Dollars per million tokens read from a cache."),
        SchemaKey("cache_write_price_per_mtok", .price, "Dollars per million tokens written to a cache."),
        SchemaKey("cache_write_1h_price_per_mtok", .price, "Dollars per million tokens cached for an hour."),
    ]

    /// What is said of one model at one provider; what is left out stays as it was.
    private static let registryRow = SchemaTable(
        "A model at a provider.",
        [
            SchemaKey("model_name", .string, "The provider's own name of it; default is the model's name."),
            SchemaKey("kind", .choice(["chat", "embedding"]), "What it does.", default: "\"chat\""),
            SchemaKey("context_window", .integer(1...1_000_000_000), "Tokens it can hold."),
            SchemaKey("max_output_tokens", .integer(1...1_000_000_000), "Tokens it can put out."),
        ] + registryPrices + [
            SchemaKey(
                "long_prompt",
                .table(
                    SchemaTable(
                        "Prices of long prompts.",
                        [SchemaKey("above_tokens", .integer(1...1_000_000_000), "Prompts of more tokens pay them.")]
                            + registryPrices
                    )
                ),
                "Prices of a whole request whose prompt is long."
            ),
            SchemaKey("batch_percent", .integer(1...100), "What a batch costs, in percent of single requests."),
            SchemaKey("capabilities", .strings, "What it can do; what the list leaves out, it cannot."),
            SchemaKey("dimensions", .integer(1...1_000_000), "Length of an embedding vector."),
            SchemaKey("retired", .string, "The day it was switched off; empty when it was not."),
            SchemaKey("retires", .string, "The announced day of its end; empty when there is none."),
            SchemaKey("note", .string, "A remark for people."),
            SchemaKey("source", .string, "Where the facts come from."),
            SchemaKey("as_of", .string, "The day of the newest source."),
        ]
    )
}

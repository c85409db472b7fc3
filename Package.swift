// swift-tools-version: 6.3
import PackageDescription

/// Settings of every target: boxes are visible (`any`), imports are internal unless they leak, warnings are errors.
let testSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// The product also spells every unsafe use.
///
/// Overlapping accesses trap in debug builds, which every test runs on; in release they are not checked, which is cheaper.
let settings: [SwiftSetting] =
    testSettings + [
        .strictMemorySafety(),
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    ]

/// One test target a target; test paths mirror source paths.
let tests: [Target] = [
    .testTarget(name: "MartletCoreTests", dependencies: ["MartletCore"], swiftSettings: testSettings),
    .testTarget(
        name: "MartletWireTests",
        dependencies: ["MartletWire"],
        exclude: ["JSONSchema/Fixtures", "AWSEventStream/Fixtures"],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletDialectsTests",
        dependencies: ["MartletCore", "MartletWire", "MartletDialects"],
        resources: [.copy("Fixtures")],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletProvidersTests",
        dependencies: ["MartletCore", "MartletProviders"],
        exclude: ["Fixtures"],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletRoutingTests",
        dependencies: ["MartletCore", "MartletGovernance", "MartletRouting"],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletGovernanceTests",
        dependencies: ["MartletCore", "MartletGovernance"],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletStoreTests",
        dependencies: [
            "MartletCore", "MartletGovernance", "MartletStore", "MartletTesting", "spool-writer",
            .product(name: "GRDB", package: "GRDB.swift"),
        ],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletConfigTests",
        dependencies: [
            "MartletCore", "MartletGovernance", "MartletProviders", "MartletRouting", "MartletConfig",
            .product(name: "TOMLKit", package: "TOMLKit"),
        ],
        exclude: ["Fixtures"],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletExchangeTests",
        dependencies: [
            "MartletCore", "MartletExtensions", "MartletWire", "MartletDialects", "MartletGovernance", "MartletRouting",
            "MartletExchange",
            .product(name: "NIOCore", package: "swift-nio"),
        ],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletTestingTests",
        dependencies: ["MartletCore", "MartletTesting", .product(name: "NIOCore", package: "swift-nio")],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletServerTests",
        dependencies: [
            "MartletCore", "MartletWire", "MartletDialects", "MartletGovernance", "MartletProviders", "MartletRouting",
            "MartletStore", "MartletConfig", "MartletExchange", "MartletServer", "MartletTesting",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletExtensionsTests",
        dependencies: ["MartletExtensions"],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletTests",
        dependencies: [
            "Martlet", "MartletTesting",
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: testSettings
    ),
    .testTarget(
        name: "MartletCommandTests",
        dependencies: [
            "MartletCommand", "MartletCore", "MartletGovernance", "MartletStore", "MartletConfig", "MartletWire",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
        ],
        swiftSettings: testSettings
    ),
]

let package = Package(
    name: "martlet",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "martlet", targets: ["MartletCommand"]),
        // A gateway inside another program.
        .library(name: "Martlet", targets: ["Martlet"]),
    ],
    dependencies: [
        // Event loops, sockets and the HTTP/1.1 parser (llhttp) of the data plane.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // TLS towards upstreams, with the system's roots, and of the listener.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // HTTP/2 framing, header compression and flow control in front of clients.
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        // HMAC-SHA-256 of gateway keys and AWS signatures; RSA of Google's service accounts.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // The control plane's router (/admin); the data plane does not use it.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        // Header types of the control plane bridge, the same that Hummingbird uses.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        // The command line's own calls to a running gateway, and probes of local engines.
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        // SQLite: keys, ledger, migrations.
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // Values of martlet.toml (toml++ underneath).
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        // The command line.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Operational log; never on the path of a request that succeeds.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // Start order, signals and graceful shutdown of the server's services.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "MartletCore", swiftSettings: settings),
        // What a program says about the requests of the gateway it runs.
        .target(name: "MartletExtensions", swiftSettings: settings),
        // One loop over bytes that needs vector instructions.
        .target(name: "CMartletBytes"),
        .target(name: "MartletWire", dependencies: ["CMartletBytes"], swiftSettings: settings),
        .target(name: "MartletDialects", dependencies: ["MartletCore", "MartletWire"], swiftSettings: settings),
        .target(
            name: "MartletProviders",
            dependencies: [
                "MartletCore", "MartletWire", "MartletDialects",
                // Signs requests to AWS, and the assertions that Google gives tokens for.
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            resources: [
                .embedInCode("Resources/models.json"), .embedInCode("Resources/presets.json"),
                .embedInCode("Resources/tiers.json"),
            ],
            swiftSettings: settings
        ),
        .target(name: "MartletRouting", dependencies: ["MartletCore", "MartletGovernance"], swiftSettings: settings),
        .target(name: "MartletGovernance", dependencies: ["MartletCore"], swiftSettings: settings),
        .target(
            name: "MartletStore",
            dependencies: [
                "MartletCore", "MartletGovernance",
                .product(name: "GRDB", package: "GRDB.swift"),
                // Binds and steps through the ledger's statements without building rows.
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "MartletConfig",
            dependencies: [
                "MartletCore", "MartletWire", "MartletDialects", "MartletProviders", "MartletRouting",
                "MartletGovernance",
                .product(name: "TOMLKit", package: "TOMLKit"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "MartletExchange",
            dependencies: [
                "MartletCore", "MartletExtensions", "MartletWire", "MartletDialects", "MartletProviders",
                "MartletRouting",
                "MartletGovernance",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "MartletServer",
            dependencies: [
                "MartletCore", "MartletExtensions", "MartletWire", "MartletDialects", "MartletProviders",
                "MartletRouting",
                "MartletGovernance", "MartletStore", "MartletConfig", "MartletExchange",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Martlet",
            dependencies: [
                "MartletExtensions", "MartletConfig", "MartletServer",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // The program `martlet`. Named so because a module of that name and the library's would be one on file systems
        // that do not tell capitals from small letters.
        .executableTarget(
            name: "MartletCommand",
            dependencies: [
                "MartletCore", "MartletWire", "MartletConfig", "MartletProviders", "MartletRouting",
                "MartletGovernance", "MartletStore", "MartletServer", "Martlet",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        // A scripted upstream that can lie, and other help for tests of the gateway and of programs that embed it.
        .target(
            name: "MartletTesting",
            dependencies: [
                "MartletCore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        // The benchmarks' control: a relay of handlers on one loop without any gateway logic.
        .executableTarget(
            name: "BareRelay",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Benchmarks/BareRelay",
            swiftSettings: settings
        ),
        // The JSON scan by itself.
        .executableTarget(
            name: "ScanBench",
            dependencies: ["MartletWire"],
            path: "Benchmarks/ScanBench",
            swiftSettings: settings
        ),
        // AWS signatures by themselves.
        .executableTarget(
            name: "SignBench",
            dependencies: ["MartletCore", "MartletProviders"],
            path: "Benchmarks/SignBench",
            swiftSettings: settings
        ),
        // Plans by themselves.
        .executableTarget(
            name: "PlanBench",
            dependencies: ["MartletCore", "MartletGovernance", "MartletRouting"],
            path: "Benchmarks/PlanBench",
            swiftSettings: settings
        ),
        // Writes to a spool until it is killed; the tests do that.
        .executableTarget(
            name: "spool-writer",
            dependencies: ["MartletCore", "MartletGovernance", "MartletStore"],
            path: "Tests/Support/SpoolWriter",
            swiftSettings: testSettings
        ),
    ] + tests
)

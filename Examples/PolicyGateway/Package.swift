// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "PolicyGateway",
    platforms: [.macOS(.v15)],
    dependencies: [
        // In a package of your own: the address of the repository instead of a path.
        .package(name: "martlet", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "PolicyGateway",
            dependencies: [.product(name: "Martlet", package: "martlet")]
        )
    ]
)

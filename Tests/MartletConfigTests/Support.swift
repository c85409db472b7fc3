import Foundation
import MartletProviders

@testable import MartletConfig

/// Loads configurations from text, with everything outside injected.
struct Given {
    var files: [String: String] = [:]
    var order: [String] = []
    var environment: [String: String] = [:]
    var flags = FlagOverrides()
    var permissions: [String: Int] = [:]

    init(_ text: String? = nil, environment: [String: String] = [:]) {
        self.environment = environment
        if let text { add("martlet.toml", text) }
    }

    mutating func add(_ path: String, _ text: String) {
        files[path] = text
        order.append(path)
    }

    func load() -> LoadedConfig {
        let (files, permissions) = (files, permissions)
        return ConfigLoader.load(
            files: order,
            flags: flags,
            environment: environment,
            files: FileAccess(read: { files[$0].map { Array($0.utf8) } }, permissions: { permissions[$0] })
        )
    }

    func build(local: LocalProbe? = nil) -> SnapshotBuilder.Outcome {
        SnapshotBuilder.build(load(), localState: local)
    }

    /// The findings of loading and building, one line each.
    func findings(local: LocalProbe? = nil) -> [String] { build(local: local).diagnostics.map(\.description) }
}

enum Fixture {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    static func names(in subfolder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(subfolder).path).sorted()
    }
}

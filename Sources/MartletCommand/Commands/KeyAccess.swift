import MartletConfig
import MartletCore
import MartletGovernance
import MartletStore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The keys of a data directory, as the command line works with them.
struct KeyAccess {
    private let store: KeyStore

    /// Opens the keys where a start with these flags would keep them.
    ///
    /// - Parameter creating: Whether a data directory that is not there is made; else that is a failure with 5.
    /// - Throws: `CommandEnd` with 2, its findings printed, when the configuration is refused; `CommandFailure` when the
    ///   directory or its database cannot be used.
    static func open(_ flags: FlagOverrides, creating: Bool, _ console: Console) throws -> KeyAccess {
        let loaded = LoadedFiles(flags: flags, environment: console.environment)
        guard !loaded.config.diagnostics.hasErrors else {
            let errors = loaded.config.diagnostics.filter { $0.severity == .error }
            for error in errors { try console.note(error.description) }
            throw CommandFailure(.configurationInvalid, "the configuration is refused")
        }
        let paths = loaded.config.settings.paths
        // A file where the directory should be is another failure, which the store names.
        let kind = try? FileManager.default.attributesOfItem(atPath: paths.dataDirectory)[.type] as? FileAttributeType
        if !creating, kind != .typeRegular, !FileManager.default.fileExists(atPath: paths.database) {
            throw CommandFailure(
                .notFound,
                "there are no keys in the data directory \(paths.dataDirectory)",
                hint: "is the path right? --data-dir, MARTLET_DATA_DIR or storage.data_dir name it"
            )
        }
        return try reportingStore {
            let directory = try DataDirectory(creating: paths.dataDirectory)
            let pepper = try Pepper(directory)
            let database = try MartletDatabase(path: paths.database)
            return KeyAccess(store: try KeyStore(database, pepper: pepper, directory: directory))
        }
    }

    /// Creates a key; stdout gets the key alone, or with `--json` its object.
    func create(_ request: KeyRequest, isJSON: Bool, now: Timestamp = .now(), on console: Console) throws {
        let made = try Self.reportingStore {
            try store.create(name: request.name, scopes: request.scopes, expiresAt: request.expiresAt, now: now)
        }
        try console.print(isJSON ? made.json : made.text)
        guard !isJSON else { return }
        let key = made.key
        let scopes = key.scopes.names.joined(separator: ", ")
        let end = key.expiresAt.map { ", until \($0)" } ?? ""
        try console.note("key \(key.id) made for \(scopes)\(end); it is shown only this once")
    }

    /// Lists the keys.
    func list(isJSON: Bool, now: Timestamp = .now(), on console: Console) throws {
        let keys = try Self.reportingStore { try store.list() }
        guard !isJSON else { return try console.print(GatewayKey.listJSON(keys)) }
        if keys.isEmpty { try console.note("no keys yet; `martlet keys create` makes one") }
        let table = Table(
            header: ["ID", "NAME", "ENDS IN", "SCOPES", "STATE", "CREATED", "EXPIRES", "LAST USED"],
            rows: keys.map { key in
                [
                    key.id.rawValue, key.name.isEmpty ? "-" : key.name, key.last4,
                    key.scopes.names.joined(separator: ","), key.state(now: now), key.createdAt.description,
                    key.expiresAt?.description ?? "-", key.lastUsedAt?.description ?? "-",
                ]
            }
        )
        try console.writeOutput(
            Array(table.render(isTerminal: console.outputIsTerminal, style: console.outputStyle).utf8)
        )
    }

    /// Revokes a key.
    ///
    /// - Parameter text: The id, with or without `sk-mt-` before it; of a whole key the id is taken.
    /// - Throws: `CommandFailure` with 5 when there is no such key.
    func revoke(_ text: String, isJSON: Bool, now: Timestamp = .now(), on console: Console) throws {
        guard let id = Self.id(text) else { throw CommandFailure(.notFound, "this is not the id of a key") }
        let key = try Self.reportingStore { () throws -> GatewayKey? in
            guard try store.revoke(id, now: now) else { return nil }
            return try store.list().first { $0.id == id }
        }
        guard let key else { throw CommandFailure(.notFound, "there is no key with the id \(id)") }
        if isJSON { try console.print(key.json) } else { try console.note("key \(id) is revoked") }
    }

    /// The id in what the user gave; `nil` when there is none, so that a secret is never printed back.
    static func id(_ text: String) -> APIKeyID? {
        let prefix = "sk-mt-"
        let id = text.hasPrefix(prefix) ? text.dropFirst(prefix.count).prefix { $0 != "-" } : text[...]
        let letters = id.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        return id.utf8.count == 12 && letters ? APIKeyID(String(id)) : nil
    }

    /// Turns what the store throws into the failure of the command.
    private static func reportingStore<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as StoreError {
            throw CommandFailure(.failed, error.description)
        }
    }
}

extension GatewayKey {
    /// Whether the key is accepted, as one word.
    func state(now: Timestamp) -> String {
        if revokedAt != nil { return "revoked" }
        return expiresAt.map { $0 <= now } ?? false ? "expired" : "active"
    }
}

import MartletConfig
import MartletCore
import MartletProviders
import MartletRouting
import MartletStore
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A gateway from start to end.
public enum GatewayServer {
    /// Runs until it is told to stop, and drains; SIGHUP reads the configuration again where signals are trapped.
    ///
    /// - Parameters:
    ///   - options: How it is started.
    ///   - stops: One element for each time it is told to stop: the first begins the drain, the second does not wait;
    ///     signals are told by its continuation.
    /// - Throws: ``StartFailure``.
    public static func serve(
        _ options: ServeOptions,
        stops: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)
    ) async throws(StartFailure) {
        let (flags, environment, files) = (options.flags, options.environment, options.files)
        // Which they are is known once the other files are read.
        let overlays = Overlays()
        let load: @Sendable () -> LoadedConfig = {
            let paths = options.paths
            let config = ConfigLoader.load(files: paths, flags: flags, environment: environment, files: files)
            overlays.files.withLock { $0 = config.overlayFiles }
            return config
        }
        let look: @Sendable () -> [FileStamp] = {
            (options.paths + overlays.files.withLock { $0 }).map { FileStamp(of: $0) }
        }
        // Before they are read: what changes meanwhile is seen by the first look of the watch.
        let stamps = look()
        let config = load()
        let built = SnapshotBuilder.build(config)
        let overlayStamps = overlays.files.withLock { $0 }.map { FileStamp(of: $0) }
        for finding in built.diagnostics { options.log("\(finding)\n") }
        guard let snapshot = built.snapshot, !built.diagnostics.hasErrors else {
            throw StartFailure(.configuration, built.diagnostics.filter { $0.severity == .error }.map(\.description))
        }
        do {
            let state = try GatewayState(
                config: config,
                snapshot: snapshot,
                load: load,
                extensions: options.extensions,
                log: options.log
            )
            let watched = options.watchesFiles ? (stamps + overlayStamps, look) : nil
            try await state.run(watching: watched, stops: stops, options)
        } catch {
            throw StartFailure(.start, ["\(error)"])
        }
    }
}

/// A gateway could not be started.
public struct StartFailure: Error, Sendable, Hashable {
    /// What was wrong.
    public var kind: Kind
    /// What was found, one line each; never a secret.
    public var findings: [String]

    /// What was wrong.
    public enum Kind: Sendable, Hashable {
        /// The configuration is refused; the findings were told by the log, too.
        case configuration
        /// The port is in use, the data directory is locked or cannot be written, and the like.
        case start
    }

    /// Creates a failure.
    init(_ kind: Kind, _ findings: [String]) {
        self.kind = kind
        self.findings = findings
    }
}

/// The overlay files of the configuration that was read last.
private final class Overlays: Sendable {
    let files = Mutex<[String]>([])
}

/// Writes whole lines to standard error; for what a start tells a person, not for logs.
enum StandardError {
    static func write(_ text: String) { StandardOutput.write(text, to: 2) }
}

/// Writes to a standard stream at once, without a buffer.
enum StandardOutput {
    static func write(_ text: String, to descriptor: Int32 = 1) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Self.put(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    private static func put(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        unsafe Glibc.write(descriptor, bytes, count)
        #else
        unsafe Darwin.write(descriptor, bytes, count)
        #endif
    }
}

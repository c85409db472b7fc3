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
public enum Gateway {
    /// Runs until SIGTERM or SIGINT, and drains; SIGHUP reads the configuration again.
    ///
    /// - Returns: The process's exit code: 0 after a drain, 1 when the start failed (port in use, data directory locked),
    ///   2 when the configuration is refused.
    public static func serve(_ options: ServeOptions, environment: [String: String]) async -> Int32 {
        let flags = options.flags
        // Which they are is known once the other files are read.
        let overlays = Overlays()
        let load: @Sendable () -> LoadedConfig = {
            let files = ConfigFiles.discover(flags: flags, environment: environment)
            let config = ConfigLoader.load(files: files, flags: flags, environment: environment)
            overlays.files.withLock { $0 = config.overlayFiles }
            return config
        }
        let look: @Sendable () -> [FileStamp] = {
            let files = ConfigFiles.discover(flags: flags, environment: environment)
            return (files + overlays.files.withLock { $0 }).map { FileStamp(of: $0) }
        }
        // Before they are read: what changes meanwhile is seen by the first look of the watch.
        let stamps = look()
        let config = load()
        let built = SnapshotBuilder.build(config)
        let overlayStamps = overlays.files.withLock { $0 }.map { FileStamp(of: $0) }
        for finding in built.diagnostics { StandardError.write("\(finding)\n") }
        guard let snapshot = built.snapshot, !built.diagnostics.hasErrors else { return 2 }
        do {
            let state = try GatewayState(config: config, snapshot: snapshot, load: load)
            return await state.run(watching: options.watchesFiles ? (stamps + overlayStamps, look) : nil)
        } catch {
            StandardError.write("martlet: \(error)\n")
            return 1
        }
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

/// Finds the configuration files of a start.
public enum ConfigFiles {
    /// Lists the files to read, first to last; later ones win.
    ///
    /// `--config` flags, else `MARTLET_CONFIG` (colon-separated), else the first that exists of `./martlet.toml`,
    /// `$XDG_CONFIG_HOME/martlet/martlet.toml` (or `~/.config/…`) and `/etc/martlet/martlet.toml`; else none.
    public static func discover(
        flags: FlagOverrides,
        environment: [String: String],
        files: FileAccess = .system
    ) -> [String] {
        if !flags.configFiles.isEmpty { return flags.configFiles }
        if let named = environment["MARTLET_CONFIG"], !named.isEmpty {
            return named.split(separator: ":").map(String.init)
        }
        var candidates = ["martlet.toml"]
        if let folder = Directories.configHome(environment) { candidates.append(folder + "/martlet/martlet.toml") }
        candidates.append("/etc/martlet/martlet.toml")
        return candidates.first { files.read($0) != nil }.map { [$0] } ?? []
    }
}

/// The user's folders by the XDG Base Directory Specification 0.8: relative values in variables are ignored.
enum Directories {
    static func configHome(_ environment: [String: String]) -> String? {
        absolute(environment["XDG_CONFIG_HOME"]) ?? absolute(environment["HOME"]).map { $0 + "/.config" }
    }

    static func dataHome(_ environment: [String: String]) -> String? {
        absolute(environment["XDG_DATA_HOME"]) ?? absolute(environment["HOME"]).map { $0 + "/.local/share" }
    }

    private static func absolute(_ path: String?) -> String? {
        guard let path, path.hasPrefix("/") else { return nil }
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// Joins a relative path to the folder of the file that names it; other origins are relative to the process.
    static func resolve(_ path: String, namedBy origin: ConfigOrigin) -> String {
        guard !path.hasPrefix("/"), case .file(let file, _, _) = origin, let slash = file.lastIndex(of: "/") else {
            return path
        }
        return String(file[...slash]) + path
    }
}

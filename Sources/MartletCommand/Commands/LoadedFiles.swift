import MartletConfig

/// The configuration as a start with these flags would read it.
struct LoadedFiles {
    /// The files, first to last.
    var paths: [String]
    /// What they say, with variables and flags.
    var config: LoadedConfig

    /// Finds the files and reads them.
    init(flags: FlagOverrides, environment: [String: String]) {
        paths = ConfigFiles.discover(flags: flags, environment: environment)
        config = ConfigLoader.load(files: paths, flags: flags, environment: environment)
    }
}

extension Console {
    /// Prints what a configuration command has to say, and ends with its exit code.
    func finish(_ output: ConfigCommands.Output) throws {
        if !output.errors.isEmpty { try note(output.errors) }
        if !output.text.isEmpty { try print(output.text) }
        if output.exitCode != 0 { throw CommandEnd(exitCode: output.exitCode) }
    }
}

/// The version of this build.
public enum MartletVersion {
    /// Semantic version, as `--version`, `/health` and the `user-agent` field show it.
    public static let text: StaticString = "0.1.0"
}

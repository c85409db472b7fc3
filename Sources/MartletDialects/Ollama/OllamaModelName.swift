public import MartletCore

/// Names of models as clients of Ollama write them.
public enum OllamaModelName {
    /// The name without the tag `latest`, which Ollama's clients add to names that have none.
    ///
    /// The name as it was asked for is to be tried first.
    ///
    /// - Returns: `nil` when the name does not end in that tag, or is nothing else.
    public static func withoutLatest(_ name: ModelName) -> ModelName? {
        let bytes = name.rawValue.utf8
        guard bytes.count > 7, bytes.suffix(7).elementsEqual(":latest".utf8) else { return nil }
        return ModelName(String(name.rawValue.dropLast(7)))
    }
}

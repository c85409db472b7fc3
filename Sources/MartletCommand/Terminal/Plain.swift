/// Takes from foreign text what would steer a terminal.
enum Plain {
    /// The text without control characters except newline and tab.
    static func text(_ text: String) -> String { filter(text, keeping: ["\n", "\t"]) }

    /// The text on one line: newlines and tabs become spaces, so that a cell stays a cell.
    static func line(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { out.append(isBreak(scalar) ? " " : scalar) }
        return filter(String(out), keeping: [])
    }

    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\r" || scalar == "\t" || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    private static func filter(_ text: String, keeping kept: Set<Unicode.Scalar>) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control
            if !isControl || kept.contains(scalar) { out.append(scalar) }
        }
        return String(out)
    }
}

/// Colours a text, or does not.
struct Style: Sendable, Hashable {
    /// A colour or weight, by its number in ECMA-48 §8.3.117 (SGR).
    enum Tint: Int, Sendable {
        case bold = 1
        case dim = 2
        case red = 31
        case green = 32
        case yellow = 33
    }

    /// Whether texts are coloured.
    var isOn: Bool

    /// Creates a style.
    init(isOn: Bool) { self.isOn = isOn }

    /// Decides for a stream: `--no-color` and `NO_COLOR` turn colours off, else `FORCE_COLOR` turns them on, else
    /// `TERM=dumb` turns them off, else a terminal has them.
    ///
    /// - SeeAlso: no-color.org, force-color.org.
    init(environment: [String: String], forbidden: Bool, isTerminal: Bool) {
        let force = environment["FORCE_COLOR"] ?? ""
        if forbidden || environment["NO_COLOR"]?.isEmpty == false {
            isOn = false
        } else if !force.isEmpty, force != "0" {
            isOn = true
        } else {
            isOn = isTerminal && environment["TERM"] != "dumb"
        }
    }

    /// The text in a colour.
    func paint(_ text: String, _ tint: Tint) -> String { isOn ? "\u{1b}[\(tint.rawValue)m\(text)\u{1b}[0m" : text }
}

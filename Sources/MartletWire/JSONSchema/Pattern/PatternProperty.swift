/// A property of characters, `\p{…}`.
///
/// - SeeAlso: Unicode Standard Annex #44, General_Category Values.
struct PatternProperty: Hashable, Sendable {
    private enum Kind: Hashable, Sendable {
        /// General categories by their short names (`Lu`) or the first letter of them (`L`).
        case category(String)
        case casedLetter
        case alphabetic
        case uppercase
        case lowercase
        case whiteSpace
        case any
        case ascii
    }

    private let kind: Kind
    private let isNegative: Bool

    private static let names: [String: String] = [
        "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
        "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Nonspacing_Mark": "Mn", "Spacing_Mark": "Mc",
        "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd", "Letter_Number": "Nl",
        "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc",
        "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi",
        "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm",
        "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z",
        "Space_Separator": "Zs", "Line_Separator": "Zl", "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc",
        "cntrl": "Cc", "Format": "Cf", "Surrogate": "Cs", "Private_Use": "Co", "Unassigned": "Cn",
    ]

    /// Reads what stands between the braces; `nil` for what is not known.
    init?(_ name: String, isNegative: Bool) {
        var name = name
        for prefix in ["General_Category=", "gc="] where name.hasPrefix(prefix) {
            name.removeFirst(prefix.count)
        }
        self.isNegative = isNegative
        switch name {
        case "Any": kind = .any
        case "ASCII": kind = .ascii
        case "Alphabetic", "Alpha": kind = .alphabetic
        case "Uppercase", "Upper": kind = .uppercase
        case "Lowercase", "Lower": kind = .lowercase
        case "White_Space", "space": kind = .whiteSpace
        case "Cased_Letter", "LC": kind = .casedLetter
        default:
            let short = Self.names[name] ?? name
            guard Self.names.values.contains(short) else { return nil }
            kind = .category(short)
        }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool { holds(scalar) != isNegative }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        switch kind {
        case .any: return true
        case .ascii: return scalar.isASCII
        case .alphabetic: return properties.isAlphabetic
        case .uppercase: return properties.isUppercase
        case .lowercase: return properties.isLowercase
        case .whiteSpace: return properties.isWhitespace
        case .casedLetter: return ["Lu", "Ll", "Lt"].contains(properties.generalCategory.shortName)
        case .category(let name):
            let own = properties.generalCategory.shortName
            return own == name || name.utf8.count == 1 && own.utf8.first == name.utf8.first
        }
    }
}

extension Unicode.GeneralCategory {
    fileprivate var shortName: String {
        switch self {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}

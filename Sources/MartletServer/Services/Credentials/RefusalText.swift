import MartletCore
import MartletRouting

/// What a provider said about a credential it refused, made fit for one line that an operator reads.
enum RefusalText {
    /// Characters of the provider's message.
    static let limit = 300

    /// The status with the provider's own code and message: `403 AccessDeniedException: User is not authorized …`.
    ///
    /// Some services repeat what they were sent: our own secrets are cut out, whole, before the text is shortened.
    static func line(status: Int, _ said: UpstreamFailure, hiding secrets: [String]) -> String {
        let names = [said.code, said.type].compactMap(\.self).filter { !$0.isEmpty && !$0.utf8.allSatisfy(isDigit) }
        var message = said.message
        for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) where secret.utf8.count >= 8 {
            message = message.replacing(secret, with: "***")
        }
        message = plain(message, limit)
        let name = names.first.map { " \(plain($0, 64))" } ?? ""
        return "\(status)\(name)" + (message.isEmpty ? "" : ": \(message)")
    }

    /// Printable ASCII on one line, without runs of blanks.
    static func plain(_ text: String, _ limit: Int) -> String {
        let bytes = text.utf8.prefix(4 * limit).map { (0x20..<0x7F).contains($0) ? $0 : 0x20 }
        let words = Array(bytes.split(separator: 0x20).joined(separator: [0x20]))
        return String(decoding: words.prefix(limit), as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

extension Target {
    /// What its requests always carry that nobody else may see: values of its fields, and what follows a scheme in them.
    var secrets: [String] {
        headers.flatMap { field in [field.value] + field.value.split(separator: " ").suffix(1).map(String.init) }
    }
}

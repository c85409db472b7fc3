import NIOHTTP1

/// Status codes with their reason phrases.
enum StatusLine {
    /// `404 Not Found` and its like, with the line's end.
    static func text(_ status: Int) -> String {
        "\(status) \(status == 529 ? "Overloaded" : HTTPResponseStatus(statusCode: status).reasonPhrase)\r\n"
    }
}

// Reads bytes as a configuration file's text and as each of the small formats in it; all must be total.
// Sources: Sources/MartletConfig/TOML/TOMLPositions.swift Sources/MartletConfig/TOML/TOMLScanner.swift
// Sources: Sources/MartletConfig/Values/BaseURL.swift Sources/MartletConfig/Values/BindAddress.swift
// Sources: Sources/MartletConfig/Values/ExactPrice.swift
// Sources: Sources/MartletConfig/Values/HeaderRules.swift Sources/MartletConfig/ConfigNode.swift
// Sources: Sources/MartletConfig/ConfigOrigin.swift Sources/MartletProviders/CredentialLocation.swift
// Sources: Sources/MartletProviders/CredentialResolver.swift Sources/MartletProviders/Secret.swift
import MartletCore
import MartletRouting

/// Runs one input; stops the process when a promise of the scanner or of a small format is broken.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConfig(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    checkScanner(bytes)
    if bytes.count <= 512 { checkFormats(String(decoding: bytes, as: UTF8.self)) }
    return 0
}

/// Positions lie in the document, siblings stand in file order, and quoting names adds quotes only.
private func checkScanner(_ bytes: [UInt8]) {
    let scanner = TOMLScanner(bytes)
    let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
    checkNode(scanner.root, lines: lines, depth: 0)
    let quoted = scanner.quotingNames()
    precondition(quoted.count == bytes.count + 2 * scanner.unquotedNames.count)
    // Quoted names are no longer bare, so a second pass finds nothing more to do.
    let again = TOMLScanner(quoted)
    precondition(again.unquotedNames.isEmpty)
    precondition((again.fault == nil) == (scanner.fault == nil))
    precondition((again.tooDeep == nil) == (scanner.tooDeep == nil))
}

private func checkNode(_ node: TOMLPositions, lines: Int, depth: Int) {
    precondition(depth <= 4 * TOMLScanner.maxDepth, "deeper than the scanner allows")
    precondition((1...lines).contains(node.position.line) && node.position.column >= 1)
    var last: TOMLPositions.Position?
    for key in node.keys {
        guard let child = node.child(key) else { preconditionFailure("a key without a node") }
        if let last { precondition(last <= child.position, "siblings out of order") }
        last = child.position
        checkNode(child, lines: lines, depth: depth + 1)
    }
    for element in node.elements { checkNode(element, lines: lines, depth: depth + 1) }
}

private func checkFormats(_ text: String) {
    if let endpoint = try? BaseURL.parse(text) {
        precondition(!endpoint.host.isEmpty && (1...65_535).contains(endpoint.port))
        precondition(!endpoint.basePath.hasSuffix("/") && !endpoint.basePath.hasSuffix("/chat/completions"))
        precondition(!endpoint.host.utf8.contains { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "@") })
    }
    if let bind = BindAddress.parse(text) {
        precondition(!bind.host.isEmpty && (0...65_535).contains(bind.port))
    }
    if let price = ExactPrice.picoUSD(dollarsPerMillion: text) { precondition(price.picoUSD >= 0) }
    if HeaderRules.refusal(name: "x", value: text) == nil {
        precondition(!text.utf8.contains { $0 == 0 || $0 == 0x0A || $0 == 0x0D })
    }
    if let location = try? CredentialLocation(parsing: text) {
        let again = try? CredentialLocation(parsing: location.description)
        precondition(again == location, "a location does not survive its own spelling")
    }
    precondition(!"\(Secret(text))".utf8.contains { $0 == 0 } || text.utf8.suffix(16).contains(0))
    _ = Suggestion.nearest(to: text, among: ["bind", "base_url", "timeout_s"])
    _ = KeyText.part(text)
}

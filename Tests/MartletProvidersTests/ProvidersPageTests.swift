import Foundation
import MartletCore
import MartletProviders
import Testing

/// The list of providers, made from their declarations.
private enum ProvidersPage {
    static let begin = "<!-- The list is written by ProvidersPageTests. -->"
    static let end = "<!-- The end of the list. -->"

    static var page: URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Documentation/providers.md")
            .standardizedFileURL
    }

    static var text: String {
        ProviderCatalog.builtIn.providers.flatMap { ProviderWords(descriptor: $0).lines }.joined(separator: "\n")
    }
}

@Suite("The page about providers") struct ProvidersPageTests {
    /// `MARTLET_WRITE_TABLE=1 swift test --filter ProvidersPage` writes the page anew.
    @Test func `says what the declarations say`() throws {
        let page = try String(contentsOf: ProvidersPage.page, encoding: .utf8)
        let parts = page.components(separatedBy: ProvidersPage.begin)
        try #require(parts.count == 2)
        let rest = parts[1].components(separatedBy: ProvidersPage.end)
        try #require(rest.count == 2)
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_TABLE"] != nil {
            let text = "\(parts[0])\(ProvidersPage.begin)\n\n\(ProvidersPage.text)\n\(ProvidersPage.end)\(rest[1])"
            try text.write(to: ProvidersPage.page, atomically: true, encoding: .utf8)
            return
        }
        #expect(
            rest[0] == "\n\n" + ProvidersPage.text + "\n",
            "write it anew: MARTLET_WRITE_TABLE=1 swift test --filter ProvidersPage"
        )
    }

    @Test(arguments: ["google.md", "providers.md"]) func `names no model that is retired`(name: String) throws {
        let page = ProvidersPage.page.deletingLastPathComponent().appending(path: name)
        let text = try String(contentsOf: page, encoding: .utf8)
        let named = text.matches(of: /(?:model_name = |\[models\.)"([^"]+)"/).map { String($0.1) }
        #expect(!named.isEmpty)
        for row in ModelRegistry.builtIn.models where named.contains(row.upstreamModel) {
            #expect(row.retired == nil, "\(row.upstreamModel) at \(row.provider)")
        }
    }

    @Test func `has words for every quirk`() {
        for descriptor in ProviderCatalog.builtIn.providers {
            guard let quirks = descriptor.chatQuirks else { continue }
            #expect(!ChatQuirkWords(quirks).sentences.isEmpty, "\(descriptor.kind)")
        }
        let all = ProviderCatalog.builtIn.providers.compactMap(\.chatQuirks).flatMap { ChatQuirkWords($0).sentences }
        #expect(Set(all).count > 35)
    }
}

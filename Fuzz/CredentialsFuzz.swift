// Reads bytes as what files and services say of cloud credentials, and as a request that is signed; all must be total.
// Sources: Sources/MartletProviders/Credentials/INIFile.swift Sources/MartletProviders/Credentials/AWSProfile.swift
// Sources: Sources/MartletProviders/Credentials/AWSProfiles.swift Sources/MartletProviders/Credentials/ShellWords.swift
// Sources: Sources/MartletProviders/Credentials/AWSSingleSignOn.swift
// Sources: Sources/MartletProviders/Credentials/AWSCredentialChain+Environment.swift
// Sources: Sources/MartletProviders/Credentials/CredentialExchange.swift Sources/MartletProviders/Credentials/UTCTime.swift
// Sources: Sources/MartletProviders/Credentials/XMLText.swift Sources/MartletProviders/Credentials/OAuthTokens.swift
// Sources: Sources/MartletProviders/Credentials/GoogleCredentialFile.swift
// Sources: Sources/MartletProviders/Credentials/GoogleExternalAccount.swift
// Sources: Sources/MartletProviders/Credentials/GoogleImpersonation.swift Sources/MartletProviders/ProviderPlace.swift
// Sources: Sources/MartletProviders/Credentials/CredentialResolver.swift
// Sources: Sources/MartletProviders/Credentials/CredentialLocation.swift
// Sources: Sources/MartletProviders/Signing/SigV4CanonicalRequest.swift Sources/MartletProviders/Signing/SigV4Time.swift
import MartletCore

/// Runs one input; the first byte chooses what it is read as.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCredentials(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start[0] & 3 {
    case 0: checkFile(bytes)
    case 1: checkAnswer(bytes)
    case 2: checkRequest(bytes)
    default: checkTime(bytes)
    }
    return 0
}

private func checkFile(_ bytes: [UInt8]) {
    let file = INIFile(bytes)
    for (name, keys) in file.sections {
        precondition(keys.keys.allSatisfy { !$0.isEmpty && $0 == $0.lowercased() })
        for profiles in [AWSProfiles(config: nil, credentials: file), AWSProfiles(config: file, credentials: file)] {
            let profile = profiles.profile(name)
            precondition(profile.isThere && profile.region.map(AWSCredentialChain.isRegion) ?? true)
            precondition(profile.singleSignOn.map { AWSCredentialChain.isRegion($0.region) } ?? true)
        }
        _ = profile(name, ofConfiguration: file)
    }
    _ = try? GoogleCredentialFile(bytes, from: "here")
}

/// A profile of the configuration file is told by its header's second word.
private func profile(_ header: String, ofConfiguration file: INIFile) -> AWSProfile? {
    guard let words = ShellWords.split(header), words.count == 2, words[0] == "profile" else { return nil }
    let profile = AWSProfiles(config: file, credentials: nil).profile(words[1])
    precondition(profile.isThere)
    return profile
}

private func checkAnswer(_ bytes: [UInt8]) {
    if let found = try? OAuthTokens.token(in: .init(status: 200, body: bytes), of: "there", unixSeconds: 0) {
        guard case .token(let token) = found.value else { preconditionFailure("no token") }
        precondition(token.reveal().utf8.allSatisfy { (0x21..<0x7F).contains($0) })
        precondition((0...7 * 86_400).contains(found.expires ?? 0))
    }
    do throws(CredentialFailure) {
        _ = try OAuthTokens.token(in: .init(status: 400, body: bytes), of: "there", unixSeconds: 0)
        preconditionFailure("an error was a token")
    } catch {
        precondition(error.reason.utf8.count <= 240 && error.reason.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
    }
    if let text = XMLText(bytes).text(of: "A") { precondition(text.utf8.count <= 3 * bytes.count) }
}

/// A canonical request has its lines whatever stands in the path; what is encoded holds no byte that must not be there.
private func checkRequest(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    guard let target = parts.first, !target.contains("\n") else { return }
    let fields = parts.dropFirst().prefix(8).enumerated().map { index, value in
        SigV4CanonicalRequest.Field("x-field-\(index % 5)", value)
    }
    let request = SigV4CanonicalRequest(method: "GET", target: target, fields: fields, payloadHash: [])
    let lines = request.bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    precondition(lines[0].elementsEqual("GET".utf8) && lines[1].first == UInt8(ascii: "/"))
    precondition(lines[1].allSatisfy { (0x21..<0x7F).contains($0) })
    precondition(!lines[1].contains(UInt8(ascii: "?")) && !lines[1].contains(UInt8(ascii: ":")))
    precondition(request.signedNames.split(separator: UInt8(ascii: ";")).count == min(fields.count, 5))
    // Method, path, query, each name once, an empty line, the names, the hash; blanks in values become spaces.
    precondition(lines.count == 6 + min(fields.count, 5))
}

private func checkTime(_ bytes: [UInt8]) {
    guard let seconds = UTCTime.unixSeconds(String(decoding: bytes, as: UTF8.self)) else { return }
    let text = SigV4Time(unixSeconds: seconds).text
    precondition(text.utf8.count == 16)
    let again =
        "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.dropFirst(6).prefix(2))T"
        + "\(text.dropFirst(9).prefix(2)):\(text.dropFirst(11).prefix(2)):\(text.dropFirst(13).prefix(2))Z"
    precondition(UTCTime.unixSeconds(again) == min(max(0, seconds), 253_402_300_799))
}

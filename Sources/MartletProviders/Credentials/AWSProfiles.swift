public import MartletCore

/// The profiles of AWS's two files, read as one.
///
/// A profile of both files has the keys of both, and those of the credentials file win. In the configuration file all
/// but the default one have `profile` before their names, in the credentials file none has (botocore,
/// `Session.full_config` and `configloader.build_profile_map`, read November 2026).
public struct AWSProfiles: Sendable, Hashable {
    private var config: [String: [String: String]] = [:]
    private var credentials: [String: [String: String]]
    private var sessions: [String: [String: String]] = [:]

    /// Takes the files; one that is not there has no profiles.
    public init(config: INIFile?, credentials: INIFile?) {
        self.credentials = credentials?.sections ?? [:]
        for (header, section) in config?.sections ?? [:] {
            if header == "default" {
                // Who writes both means the one with the word.
                if self.config[header] == nil { self.config[header] = section }
            } else if let words = ShellWords.split(header), words.count == 2 {
                if words[0] == "profile" { self.config[words[1]] = section }
                if words[0] == "sso-session" { sessions[words[1]] = section }
            }
        }
    }

    /// The profile of a name, which may be in neither file.
    public func profile(_ name: String) -> AWSProfile {
        let (inConfig, inCredentials) = (config[name], credentials[name])
        let merged = (inConfig ?? [:]).merging(inCredentials ?? [:]) { $1 }
        var profile = AWSProfile(merged, sessions: sessions)
        profile.isThere = inConfig != nil || inCredentials != nil
        profile.keys = AWSProfile.StoredKeys(inCredentials)
        profile.configKeys = AWSProfile.StoredKeys(inConfig)
        return profile
    }
}

extension AWSCredentialChain {
    /// Reads the profiles of the chain's files.
    public func profiles(by resolver: CredentialResolver) -> AWSProfiles {
        func file(_ path: String?) -> INIFile? { path.flatMap { try? resolver.bytes(of: $0) }.map { INIFile($0) } }
        return AWSProfiles(config: file(configFile), credentials: file(credentialsFile))
    }

    /// Whether a profile counts that somebody names, and is in none of the files.
    public func isProfileMissing(by resolver: CredentialResolver) -> Bool {
        guard fixed == nil, environmentFault == nil, isProfileNamed else { return false }
        return !profiles(by: resolver).profile(profile).isThere
    }
}

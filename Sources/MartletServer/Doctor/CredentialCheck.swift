import MartletCore
import MartletProviders
import MartletRouting

/// Fetches an account's credential as a request would, and says where it was found and how long it lasts.
struct CredentialCheck {
    let target: Target
    let source: CredentialSource
    let fetcher: CredentialFetcher
    /// Seconds since 1970.
    let now: @Sendable () -> Int64

    /// There is none, or it is refused.
    struct Failure: Error {
        var check: DoctorCheck
    }

    /// A credential with what is known of it.
    struct Found {
        var credential: FetchedCredential
        /// Where it was found, whose it is and when it ends.
        var text: String
    }

    private var name: String { "account \(target.account)" }

    /// Fetches the credential; AWS is asked whose it is.
    func found() async -> Result<Found, Failure> {
        let credential: FetchedCredential
        do throws(CredentialFailure) {
            credential = try await fetcher.fetch(source)
        } catch {
            let check = DoctorCheck(name, .fail, "no credential: \(error.reason)", hint: hint(error.cause))
            return .failure(Failure(check: check))
        }
        var text = "credential from \(credential.place)"
        if case .aws(let chain) = source, case .aws(let keys) = credential.value,
            let call = AWSKeyCalls.identity(keys, chain: chain, unixSeconds: now())
        {
            do throws(CredentialFailure) {
                text += " is \(try AWSKeyCalls.identity(try await fetcher.transport.send(call)))"
            } catch {
                guard error.cause != .refused else {
                    let hint = "are the keys right and not expired, and is the clock?"
                    return .failure(Failure(check: DoctorCheck(name, .fail, "\(text): \(error.reason)", hint: hint)))
                }
                text += " (whose it is cannot be asked: \(error.reason))"
            }
        }
        if let expires = credential.expires {
            let left = max(0, expires - now())
            text += ", ends in \(left < 120 ? "\(left) s" : "\(left / 60) min")"
        }
        return .success(Found(credential: credential, text: text))
    }

    /// What to do when there is none, by what keeps it away.
    private func hint(_ cause: CredentialFailure.Cause) -> String {
        switch (cause, source) {
        case (.unavailable, _): "the service has a fault or limits the rate; try again later"
        case (.unknownName, _): "is the address right, and does this machine's DNS work?"
        case (.unreachable, _): "does a firewall stand between, or is a proxy needed (HTTPS_PROXY)?"
        case (.refused, .aws): "are the keys right and not expired, may they take the role, and is the clock right?"
        case (.refused, .google): "is the key deleted or its account disabled, or the clock wrong?"
        case (.refused, .entra):
            "are AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET those of one application, and not expired?"
        case (.missing, .google): "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`"
        case (.missing, _):
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or run where a role is given"
        case (.unusable, _): "correct what is named here; nothing else is looked for while it is there"
        }
    }
}

extension CredentialCheck.Found {
    /// The fields that show who asks for a path.
    func fields(_ path: String, to target: Target, unixSeconds: Int64) -> [HeaderField] {
        switch (target.authorization?.form, credential.value) {
        case (.field(let name, let prefix)?, .token(let token)):
            return [HeaderField(name: name, value: prefix + token.reveal())]
        case (.awsV4(let region, let service)?, .aws(let keys)):
            let signer = SigV4Signer(keys: keys, region: region, service: service)
            let added = signer.sign(
                method: "GET",
                target: path,
                fields: [.init("host", target.endpoint.authority)],
                payloadHash: PayloadHash.digits(of: []),
                unixSeconds: unixSeconds
            )
            return added.map { HeaderField(name: $0.name, value: $0.value) }
        default:
            return []
        }
    }

    /// Judges what the provider's own host answered; such hosts have no list of models that costs nothing.
    ///
    /// - Parameter words: The status, with the host's own words if it said any.
    func judge(_ status: Int, saying words: String, of target: Target) -> DoctorCheck {
        let name = "account \(target.account)"
        let place = target.endpoint.authority
        switch status {
        case 401:
            let hint = "is it for this provider, and does its project or directory have access?"
            return DoctorCheck(name, .fail, "\(place) refuses the \(text) (\(words))", hint: hint)
        case 403:
            let hint = "it may lack a right; `martlet ai test MODEL` tries a model"
            return DoctorCheck(name, .warn, "\(place) does not let in the \(text) (\(words))", hint: hint)
        case 500...:
            let hint = "look at the provider's status page"
            return DoctorCheck(name, .fail, "\(place) answers \(status); \(text)", hint: hint)
        case 300..<400:
            return DoctorCheck(name, .fail, "\(place) redirects elsewhere (\(status))", hint: "correct base_url")
        default:
            return DoctorCheck(name, .ok, "\(place) answers; \(text)")
        }
    }
}

internal import MartletCore
internal import MartletProviders
internal import MartletRouting

/// Turns account tables into plans, or says why an account is off.
struct AccountReader {
    let catalog: ProviderCatalog
    let resolver: CredentialResolver
    let environment: [String: String]
    var diagnostics: [ConfigDiagnostic] = []
    /// Accounts that are off for want of something outside the configuration.
    var missing: [SnapshotBuilder.MissingCredential] = []

    /// What became of an account table.
    enum Outcome {
        case on(AccountPlan)
        /// Off for a reason that is fine or has been warned about.
        case off(String)
        /// Wrong; an error has been reported.
        case refused
    }

    /// Reads one account.
    ///
    /// - Parameters:
    ///   - name: The account's name.
    ///   - table: Its keys, an inline account's or those of its own table.
    ///   - origin: Where it stands.
    ///   - isNamed: Whether a table names it, so that the start says when it is off.
    mutating func read(name: String, table: ConfigTable, at origin: ConfigOrigin, isNamed: Bool = true) -> Outcome {
        guard Self.isName(name) else {
            error(origin, "account name \(KeyText.part(name)) must be 1 to 64 of the characters A-Z a-z 0-9 . _ -")
            return .refused
        }
        if table["enabled"]?.boolean == false { return .off("account \(name) has enabled = false") }
        let typeName = table["type"]?.string ?? name
        let typeOrigin = table["type"]?.origin ?? origin
        var descriptor: ProviderDescriptor
        switch catalog.lookup(typeName) {
        case .available(let found): descriptor = found
        case .unavailable(let provider):
            let reason = "provider type \(provider.kind) is known, not yet available in this version"
            warn(typeOrigin, "\(reason); account \(name) is off")
            return .off(reason)
        case .unknown:
            let suggestion = Suggestion.nearest(to: typeName, among: catalog.typeNames)
            let message =
                table["type"] == nil
                ? "account \(KeyText.part(name)) is not named like a provider type, so it needs `type`"
                : "unknown provider type \"\(KeyText.escaped(typeName))\"; types are "
                    + catalog.typeNames.joined(separator: ", ")
            error(typeOrigin, message, suggestion: suggestion)
            return .refused
        }
        if descriptor.dialect == .mock { return .on(.mock(descriptor)) }
        guard readAuth(table, into: &descriptor) else { return .refused }
        guard checkAuthHeader(of: name, table) else { return .refused }
        if let version = table["api_version"]?.string { descriptor.take(version: version) }
        QuirkReader(table: table).apply(to: &descriptor)
        guard readAuth(table, into: &descriptor) else { return .refused }
        let region = region(table)
        if region == nil, descriptor.needsRegion(hasBaseURL: table["base_url"] != nil) {
            let message = "account \(name) has no region: set region, or AWS_REGION"
            let variable = descriptor.credentialVariables.first { environment[$0]?.isEmpty == false }
            let place = table["profile"]?.origin ?? (isNamed ? origin : variable.map { .environment($0) })
            return lacks(missingProfile(of: name, table) ?? message, account: name, at: place)
        }
        let reader = CredentialReader(
            account: AccountName(name),
            descriptor: descriptor,
            table: table,
            resolver: resolver,
            environment: environment,
            region: region
        )
        let google = reader.googleFile()
        guard let endpoint = endpoint(of: name, table, descriptor, region, google, origin) else { return .refused }
        let isOwn = table["base_url"] != nil && endpoint.text != descriptor.baseURL && descriptor.basePath == nil
        let isLocal = BaseURL.isLoopback(endpoint.host)
        var plan = AccountPlan(
            name: AccountName(name),
            descriptor: descriptor,
            endpoint: endpoint,
            source: isLocal ? .local : isOwn ? .custom : .cloud,
            isLocal: isLocal,
            credentialLocation: "none"
        )
        // The environment's region of AWS says nothing about accounts elsewhere.
        let hasRegion = table["region"] != nil || descriptor.needsRegion(hasBaseURL: table["base_url"] != nil)
        plan.region = hasRegion ? region : table["location"]?.string
        plan.families = descriptor.families.compactMap { family in
            catalog.descriptor(family.kind).map { AccountPlan.Family(prefix: family.prefix, descriptor: $0) }
        }
        switch credential(of: name, table, descriptor, reader) {
        case .failure(let reason):
            guard !reason.isError else { return .refused }
            return lacks(reason.message, account: name, at: reason.origin ?? (isNamed ? origin : nil))
        case .success(let found):
            plan.credentialLocation = found.location
            plan.authorization = found.authorization
            if case .aws(let chain)? = found.authorization?.source, let fault = chain.environmentFault {
                warn(.environment("AWS_ACCESS_KEY_ID"), "account \(name) has no usable key: \(fault)")
            }
            if found.secret != nil || found.authorization != nil, !endpoint.tls, !isLocal {
                warn(
                    table["base_url"]?.origin ?? origin,
                    "account \(name) sends its key over plain http to another machine"
                )
            }
            if let secret = found.secret {
                let (field, prefix) =
                    found.isBearer ? ("authorization", "Bearer ") : (descriptor.authHeader, descriptor.authPrefix)
                plan.headers.append(HeaderField(name: field, value: prefix + secret.reveal()))
            }
        }
        plan.hasOwnPath = !endpoint.basePath.isEmpty
        if !plan.hasOwnPath, let path = descriptor.basePath { plan.endpoint.basePath = path }
        guard readVersion(table, into: &plan), readProfile(table, into: &plan) else { return .refused }
        guard readHeaders(table, into: &plan), readTLS(table, into: &plan), readProxy(table, into: &plan) else {
            return .refused
        }
        plan.addHeaders(of: descriptor)
        plan.addQuotaProject(google, environment)
        guard readComponent(table, into: &plan) else { return .refused }
        guard readHealthCheck(table, into: &plan) else { return .refused }
        readLimits(table, into: &plan)
        return .on(plan)
    }

    // MARK: Parts

    private mutating func endpoint(
        of name: String,
        _ table: ConfigTable,
        _ descriptor: ProviderDescriptor,
        _ region: String?,
        _ google: GoogleCredentialFile?,
        _ origin: ConfigOrigin
    ) -> Endpoint? {
        let variable = descriptor.baseURLVariables.first { environment[$0]?.isEmpty == false }
        let own = table["base_url"]?.string ?? variable.flatMap { environment[$0] }
        let placed = own == nil ? place(of: name, table, descriptor, google, origin) : nil
        if placed == nil, descriptor.place != nil, own == nil { return nil }
        guard let text = own ?? placed ?? descriptor.baseURL(in: region ?? "") else {
            let example =
                descriptor.basePath == nil
                ? "http://127.0.0.1:\(descriptor.loopbackPort ?? 8_000)/v1" : "https://RESOURCE.example.com"
            error(origin, "account \(name) of type \(descriptor.kind) needs base_url, like \"\(example)\"")
            return nil
        }
        do {
            return try BaseURL.parse(text)
        } catch {
            let place = table["base_url"]?.origin ?? variable.map(ConfigOrigin.environment) ?? origin
            self.error(place, "base_url of account \(name): \(error.message)", suggestion: error.suggestion)
            return nil
        }
    }

    /// The base URL where it is made of the account's own keys.
    private mutating func place(
        of name: String,
        _ table: ConfigTable,
        _ descriptor: ProviderDescriptor,
        _ google: GoogleCredentialFile?,
        _ origin: ConfigOrigin
    ) -> String? {
        guard let place = descriptor.place else { return nil }
        var values: [String: String] = [:]
        var isFine = true
        for key in place.keys {
            let variable = place.variables[key]?.first { environment[$0]?.isEmpty == false }
            let own = table[key]?.string ?? variable.flatMap { environment[$0] }
            if let value = own ?? (key == place.projectKey ? google?.project : nil), ProviderPlace.isPlain(value) {
                values[key] = value
            } else if let at = table[key]?.origin ?? variable.map({ .environment($0) }) {
                error(at, "\(key) of account \(name) may hold only letters, digits and . _ : -")
                isFine = false
            } else {
                error(origin, "account \(name) of type \(descriptor.kind) needs \(key)")
                isFine = false
            }
        }
        return isFine ? place.baseURL(values) : nil
    }

    private struct Missing: Error {
        var message: String
        var isError: Bool
        /// What names the place where it should be; `nil` when only the account's table does.
        var origin: ConfigOrigin?
    }

    /// Notes that an account is off for want of something, and says so at a place.
    private mutating func lacks(_ message: String, account: String, at origin: ConfigOrigin?) -> Outcome {
        missing.append(.init(account: account, message: message, origin: origin ?? .default))
        if let origin { warn(origin, message + SnapshotBuilder.MissingCredential.isOff) }
        return .off(message)
    }

    /// Says that a profile is not there which the account or the environment names.
    private func missingProfile(of name: String, _ table: ConfigTable) -> String? {
        let chain = AWSCredentialChain(environment: environment, region: "", profile: table["profile"]?.string)
        guard chain.isProfileMissing(by: resolver) else { return nil }
        return "account \(name): \(chain.profileIsMissing)"
    }

    private mutating func credential(
        of name: String,
        _ table: ConfigTable,
        _ descriptor: ProviderDescriptor,
        _ reader: CredentialReader
    ) -> Result<CredentialReader.Credential, Missing> {
        let key = ["api_key_location", "access_key_id", "secret_access_key", "session_token"].first { table[$0] != nil }
        let node = key.flatMap { table[$0] }
        let variables = descriptor.credential == .none ? [] : descriptor.credentialVariables
        do throws(CredentialError) {
            if let found = try reader.read() { return .success(found) }
        } catch {
            let isError =
                switch error {
                case .malformed, .notAHeaderValue, .notAvailable: true
                default: false
                }
            guard let key, let node else {
                let set = (variables + descriptor.chainVariables).first { environment[$0]?.isEmpty == false }
                let place = table["profile"]?.origin ?? set.map { .environment($0) }
                if isError { self.error(place ?? .default, "cannot be used as a key: \(error.reason)") }
                let message = "account \(name): \(error.reason)"
                return .failure(Missing(message: message, isError: isError, origin: place))
            }
            let message = "\(node.spelling ?? key) of account \(name): \(error.reason)"
            if isError { self.error(node.origin, message) }
            return .failure(Missing(message: message, isError: isError, origin: node.origin))
        }
        let missing =
            reader.partOfClient
            ?? (variables.isEmpty
                ? nil : "environment variable \(variables.joined(separator: " or ")) is not set")
        let message = "account \(name) has no key" + (missing.map { ": \($0)" } ?? "")
        return .failure(Missing(message: message, isError: false, origin: table["enabled"]?.origin))
    }

    private mutating func readHeaders(_ table: ConfigTable, into plan: inout AccountPlan) -> Bool {
        var isFine = true
        for (spelled, node) in table["headers"]?.table?.entries ?? [] {
            guard let value = node.string else { continue }
            let name = spelled.lowercased()
            if let refusal = HeaderRules.refusal(name: name, value: value) {
                error(node.origin, "header \(KeyText.part(spelled)) of account \(plan.name) \(refusal)")
                isFine = false
            } else if plan.headers.contains(where: { $0.name == name }) || plan.authorization?.writes(name) == true {
                let isKey = name == plan.descriptor.authHeader || plan.authorization?.writes(name) == true
                error(
                    node.origin,
                    "header \(KeyText.part(spelled)) of account \(plan.name) is sent already"
                        + (isKey ? "; set api_key_location = \"none\" to write it yourself" : "")
                )
                isFine = false
            } else {
                plan.headers.append(HeaderField(name: name, value: value))
            }
        }
        return isFine
    }

    /// Reads a way to authenticate that is not the type's own: clouds serve other makers' APIs, too.
    private mutating func readAuth(_ table: ConfigTable, into descriptor: inout ProviderDescriptor) -> Bool {
        let (service, scope) = (table["auth_service"], table["auth_scope"])
        guard let node = table["auth"], let auth = node.string else {
            guard let stray = service ?? scope else { return true }
            error(stray.origin, "auth_service and auth_scope stand beside auth")
            return false
        }
        guard let scheme = AuthScheme(auth: auth, service: service?.string, scope: scope?.string) else {
            let needs = auth == "aws_sigv4" ? "needs auth_service and no auth_scope" : "takes no auth_service"
            error(node.origin, "auth = \"\(auth)\" \(needs)")
            return false
        }
        descriptor.scheme = scheme
        // The type's own variables hold keys, which are another way.
        descriptor.credential = .required
        descriptor.credentialVariables = []
        return true
    }

    /// The region of AWS: what the account says, else the environment, else the profile.
    private mutating func region(_ table: ConfigTable) -> String? {
        guard let node = table["region"], let text = node.string, text != "sdk" else {
            return AWSCredentialChain.region(in: environment) ?? profileRegion(table)
        }
        do throws(CredentialError) {
            let value =
                text.contains("::")
                ? try resolver.resolve(try CredentialLocation(parsing: text))?.reveal() ?? "" : text
            guard AWSCredentialChain.isRegion(value) else {
                throw .unusable("\"\(KeyText.escaped(value))\" is no region")
            }
            return value
        } catch {
            self.error(node.origin, "region: \(error.reason)")
            return nil
        }
    }

    private func profileRegion(_ table: ConfigTable) -> String? {
        let chain = AWSCredentialChain(environment: environment, region: "", profile: table["profile"]?.string)
        return chain.profiles(by: resolver).profile(chain.profile).region
    }

    private mutating func readLimits(_ table: ConfigTable, into plan: inout AccountPlan) {
        plan.dropParams = table["drop_params"]?.strings ?? []
        plan.readsStorage = table["allow_storage_urls"]?.boolean ?? false
        if let container = table["hosted_provider"]?.string {
            plan.hosting = Quirks.Hosting(container: container, model: table["container_model"]?.string)
        } else if let model = table["container_model"]?.string {
            // What runs in the container, no provider.
            plan.hosting = Quirks.Hosting(container: "openai", model: model)
        }
        plan.maxConcurrency = table["max_concurrency"]?.integer ?? 0
        plan.promptCache = promptCache(table)
        plan.timeouts = TargetTimeouts(
            connect: table["connect_timeout_s"]?.number.map(Duration.seconds(_:)),
            total: table["timeout_s"]?.number.map(Duration.seconds(_:)),
            firstToken: table["first_token_timeout_s"]?.number.map(Duration.seconds(_:))
        )
    }

    /// Reads whether the account is probed while it fails.
    private mutating func readHealthCheck(_ table: ConfigTable, into plan: inout AccountPlan) -> Bool {
        guard let node = table["health_check"], let check = node.table, check["enabled"]?.boolean == true else {
            return true
        }
        var policy = HealthCheckPolicy()
        if let seconds = check["interval_s"]?.number { policy.interval = .seconds(seconds) }
        if let seconds = check["timeout_s"]?.number { policy.timeout = .seconds(seconds) }
        if let path = check["path"], let text = path.string {
            guard text.hasPrefix("/"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else {
                error(path.origin, "health_check.path of account \(plan.name) begins with /, like \"/models\"")
                return false
            }
            policy.path = text
        }
        guard plan.authorization == nil else {
            warn(node.origin, "health_check of account \(plan.name) has no effect: its requests are signed one by one")
            return true
        }
        plan.healthCheck = policy
        return true
    }

    /// Checks the field that an account says carries its key.
    private mutating func checkAuthHeader(of name: String, _ table: ConfigTable) -> Bool {
        let field = table["auth_header"]
        let prefix = table["auth_prefix"]
        guard field != nil || prefix != nil else { return true }
        let name = field?.string?.lowercased() ?? "authorization"
        guard let refusal = HeaderRules.refusal(name: name, value: (prefix?.string ?? "") + "key"),
            let node = field ?? prefix
        else { return true }
        error(node.origin, "the field \(KeyText.part(name)) for the key \(refusal)")
        return false
    }

    /// The account's own setting, else that of the variable, which is a switch or one of the words.
    private mutating func promptCache(_ table: ConfigTable) -> PromptCacheMode {
        let variable = "ENABLE_ANTHROPIC_CACHE_CONTROL"
        if let own = table["prompt_cache"]?.string { return PromptCacheMode(rawValue: own) ?? .off }
        guard let text = environment[variable]?.lowercased(), !text.isEmpty else { return .off }
        if let mode = PromptCacheMode(rawValue: text) { return mode }
        guard case .boolean(let isOn)? = EnvironmentOverrides.parse(text, as: .boolean) else {
            error(.environment(variable), "must be true, false, off, auto or system")
            return .off
        }
        return isOn ? .auto : .off
    }

    /// Reads the version of the API, which becomes a query: nothing that would end one is taken.
    private mutating func readVersion(_ table: ConfigTable, into plan: inout AccountPlan) -> Bool {
        guard let node = table["api_version"], let version = node.string else { return true }
        let isFine =
            (1...64).contains(version.utf8.count)
            && version.utf8.allSatisfy { byte in
                byte == 0x2D || byte == 0x2E || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
            }
        guard isFine else {
            error(node.origin, "api_version of account \(plan.name) must be like \"2024-10-21\" or \"preview\"")
            return false
        }
        plan.apiVersion = version
        return true
    }

    /// Reads whose profiles serve the account's models, which becomes the prefix of their names.
    private mutating func readProfile(_ table: ConfigTable, into plan: inout AccountPlan) -> Bool {
        guard let node = table["inference_profile"], let name = node.string else { return true }
        let known = plan.descriptor.profiles?.prefixes.map { String($0.text.dropLast()) }.sorted() ?? []
        guard !known.isEmpty else {
            error(node.origin, "accounts of type \(plan.descriptor.kind) have no inference_profile")
            return false
        }
        guard known.contains(name) else {
            error(
                node.origin,
                "inference_profile of account \(plan.name) must be one of \(known.joined(separator: ", "))",
                suggestion: Suggestion.nearest(to: name, among: known)
            )
            return false
        }
        plan.profilePrefix = name + "."
        return true
    }

    private mutating func readTLS(_ table: ConfigTable, into plan: inout AccountPlan) -> Bool {
        guard let node = table["tls"], let tls = node.table else { return true }
        plan.tls.certificateFile = tls["cert"].flatMap(file)
        plan.tls.keyFile = tls["key"].flatMap(file)
        if (plan.tls.certificateFile == nil) != (plan.tls.keyFile == nil) {
            error(node.origin, "tls of account \(plan.name) needs both cert and key for a client certificate")
            return false
        }
        if let node = tls["ca_file"], let path = node.string {
            plan.tls.caFile = Directories.resolve(path, namedBy: node.origin)
        }
        if let node = tls["insecure"], node.boolean == true {
            plan.tls.insecure = true
            warn(node.origin, "account \(plan.name) does not check the server's certificate")
        }
        return true
    }

    /// A file, as seen from the place that names it.
    private func file(_ node: ConfigNode) -> String? {
        guard let path = node.string, !path.isEmpty else { return nil }
        return Directories.resolve(path, namedBy: node.origin)
    }

    private mutating func readProxy(_ table: ConfigTable, into plan: inout AccountPlan) -> Bool {
        let node = table["proxy"]
        do {
            let found = try ProxyReader(environment: environment).proxy(for: plan.endpoint, own: node?.string)
            plan.proxy = found?.proxy
            return true
        } catch {
            let variable = plan.endpoint.tls ? "HTTPS_PROXY" : "HTTP_PROXY"
            self.error(node?.origin ?? .environment(variable), "proxy of account \(plan.name): \(error.message)")
            return false
        }
    }

    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    mutating func error(_ origin: ConfigOrigin, _ message: String, suggestion: String? = nil) {
        diagnostics.append(.init(.error, at: origin, message, suggestion: suggestion))
    }

    mutating func warn(_ origin: ConfigOrigin, _ message: String) {
        diagnostics.append(.init(.warning, at: origin, message))
    }
}

extension Endpoint {
    /// The endpoint as a URL.
    var text: String { "\(tls ? "https" : "http")://\(authority)\(basePath)" }
}

internal import MartletCore
internal import MartletProviders
internal import MartletRouting

/// Reads the checked tree into typed settings; what the tree does not say keeps the types' own defaults.
struct SettingsReader {
    let tree: ConfigTable
    let environment: [String: String]
    let resolver: CredentialResolver
    let catalog: ProviderCatalog
    var diagnostics: [ConfigDiagnostic]

    mutating func read() -> GatewaySettings {
        var settings = GatewaySettings()
        readServer(&settings)
        settings.auth = readAuth(server: settings.server)
        readReliability(&settings)
        settings.observability = readObservability()
        settings.paths = readPaths()
        set(&settings.retentionDays, tree.at(["storage", "retention_days"])?.integer)
        settings.local = readLocal()
        set(&settings.media.isFetched, tree.at(["gateway", "fetch_media"])?.boolean)
        set(&settings.media.hosts, tree.at(["gateway", "fetch_media_hosts"])?.strings?.map { $0.lowercased() })
        settings.registry.url = string("gateway", "registry_url").flatMap { $0.isEmpty ? nil : $0 }
        set(&settings.registry.hosts, tree.at(["gateway", "registry_hosts"])?.strings?.map { $0.lowercased() })
        set(&settings.routing.defaultModel, string("routing", "default_model"))
        set(&settings.routing.cloudModel, string("routing", "cloud_model"))
        readRouting(&settings.routing)
        return settings
    }

    // MARK: Sections

    private mutating func readServer(_ settings: inout GatewaySettings) {
        if let node = tree.at(["server", "bind"]), let text = node.string {
            if let bind = BindAddress.parse(text) {
                settings.server.host = bind.host
                settings.server.port = bind.port
            } else {
                error(node, "server.bind must be HOST:PORT, like 127.0.0.1:8004 or [::1]:8004")
            }
        }
        set(&settings.server.allowedHosts, tree.at(["server", "allowed_hosts"])?.strings)
        set(&settings.server.corsOrigins, tree.at(["server", "cors_origins"])?.strings)
        if let node = tree.at(["server", "base_paths"]), let paths = node.array {
            settings.server.basePaths = readBasePaths(paths, of: node)
        }
        if let megabytes = tree.at(["server", "max_body_mb"])?.integer {
            settings.limits.maxBodyBytes = megabytes << 20
        }
        let drain = seconds("server", "drain_delay_s")
        // Nobody balances load onto a loopback address, so there is nothing to wait for.
        settings.server.drainDelay = drain ?? (isLoopback(settings.server) ? .zero : settings.server.drainDelay)
        set(&settings.server.shutdownGrace, seconds("server", "shutdown_grace_s"))
        set(&settings.timeouts.keepAliveComment, seconds("server", "sse_keepalive_s"))
        settings.server.tls = readListenerTLS()
    }

    private func readRouting(_ routing: inout RoutingSettings) {
        set(&routing.defaultRoute, string("routing", "default").flatMap { Route(rawValue: $0) })
        set(&routing.allowsOverride, tree.at(["routing", "allow_request_override"])?.boolean)
        set(&routing.maxLocalPromptTokens, tree.at(["routing", "auto", "max_prompt_tokens"])?.integer)
        set(&routing.heedsQuality, tree.at(["routing", "auto", "quality_override"])?.boolean)
        set(&routing.smartRouting, tree.at(["routing", "smart", "enabled"])?.boolean)
        routing.tiers.local = string("routing", "smart", "tiers", "local")
        routing.tiers.standard = string("routing", "smart", "tiers", "standard")
        routing.tiers.strong = string("routing", "smart", "tiers", "strong")
    }

    private mutating func readListenerTLS() -> ListenerTLS? {
        guard let node = tree.at(["server", "tls"]) else { return nil }
        guard let certificate = path("server", "tls", "cert"), let key = path("server", "tls", "key") else {
            error(node, "server.tls needs both cert and key, the names of PEM files")
            return nil
        }
        return ListenerTLS(certificateFile: certificate, keyFile: key, clientCAFile: path("server", "tls", "client_ca"))
    }

    private mutating func readBasePaths(_ nodes: [ConfigNode], of list: ConfigNode) -> [String] {
        var paths: [String] = []
        for node in nodes {
            guard var path = node.string else { continue }
            while path.hasSuffix("/") { path.removeLast() }
            let isPlain = path.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."), UInt8(ascii: "~"):
                    true
                default: false
                }
            }
            let hasOddPart = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
                .contains { $0.isEmpty || $0 == "." || $0 == ".." }
            guard path.hasPrefix("/"), isPlain, !hasOddPart else {
                error(node, "a base path begins with / and has plain parts, like /v1")
                continue
            }
            if !paths.contains(path) { paths.append(path) }
        }
        if nodes.isEmpty { error(list, "server.base_paths must name at least one path") }
        return paths
    }

    private mutating func readAuth(server: ServerSettings) -> AuthSettings {
        var auth = AuthSettings()
        let path = ["gateway", "auth"]
        auth.staticKey = key(at: path + ["api_key_location"], default: "GATEWAY_API_KEY")
        auth.adminKey = key(at: path + ["admin_key_location"], default: "ADMIN_KEY")
        if let node = tree.at(path + ["enabled"]), let enabled = node.boolean {
            auth.enabled = enabled
            if !enabled, !isLoopback(server) {
                let bind = tree.at(["server", "bind"])
                error(
                    node,
                    "gateway.auth.enabled = false is allowed on a loopback bind only; the bind is "
                        + "\(BindAddress(host: server.host, port: server.port).spelledHost):\(server.port) "
                        + "(\(bind?.origin.description ?? "default"))"
                )
            }
        }
        return auth
    }

    /// Reads a gateway key; an unset variable means that there is none.
    private mutating func key(at path: [String], default variable: String) -> String? {
        let node = tree.at(path)
        do {
            let location = try node.map { try LocationReader.read($0) } ?? .environment(variable)
            return try resolver.resolve(location)?.reveal()
        } catch CredentialError.variableUnset {
            return nil
        } catch let failure as CredentialError {
            let origin = node?.origin ?? .environment(variable)
            diagnostics.append(.init(.error, at: origin, "\(KeyText.text(path)): \(failure.reason)"))
        } catch {
            return nil
        }
        return nil
    }

    private mutating func readReliability(_ settings: inout GatewaySettings) {
        let section = "reliability"
        set(&settings.retry.enabled, tree.at([section, "retry", "enabled"])?.boolean)
        set(&settings.retry.retriesPerTarget, tree.at([section, "retry", "num_retries"])?.integer)
        set(&settings.retry.maxAttempts, tree.at([section, "retry", "max_attempts"])?.integer)
        set(&settings.retry.baseDelay, seconds(section, "retry", "base_delay_s"))
        set(&settings.retry.maxDelay, seconds(section, "retry", "max_delay_s"))
        let breaker = "circuit_breaker"
        set(&settings.breaker.enabled, tree.at([section, breaker, "enabled"])?.boolean)
        set(&settings.breaker.consecutiveFailures, tree.at([section, breaker, "consecutive_failures"])?.integer)
        set(&settings.breaker.failureRatio, tree.at([section, breaker, "failure_ratio"])?.number)
        set(&settings.breaker.minRequests, tree.at([section, breaker, "min_requests"])?.integer)
        set(&settings.breaker.window, seconds(section, breaker, "window_s"))
        set(&settings.breaker.open, seconds(section, breaker, "open_s"))
        set(&settings.breaker.maxOpen, seconds(section, breaker, "max_open_s"))
        set(&settings.hedge.isEnabled, tree.at([section, "hedge", "enabled"])?.boolean)
        settings.hedge.delay = seconds(section, "hedge", "delay_s")
        settings.streams.isHeldBack = string(section, "guarantee") == "complete"
        set(&settings.streams.isStitched, tree.at([section, "stitch"])?.boolean)
        set(&settings.timeouts.connect, seconds(section, "connect_timeout_s"))
        settings.timeouts.responseHead = seconds(section, "response_head_timeout_s")
        set(&settings.timeouts.firstToken, seconds(section, "first_token_timeout_s"))
        set(&settings.timeouts.idleStream, seconds(section, "idle_stream_timeout_s"))
        set(&settings.timeouts.total, seconds(section, "total_timeout_s"))
        // Longer than any request, with its waits before the total begins to count.
        settings.breaker.trialLease = settings.timeouts.total + .seconds(60)
        set(&settings.admission.queueSize, tree.at([section, "queue", "size"])?.integer)
        set(&settings.admission.queueWait, seconds(section, "queue", "wait_s"))
        set(&settings.admission.process, tree.at([section, "concurrency", "process"])?.integer)
        set(&settings.admission.perKey, tree.at([section, "concurrency", "per_key"])?.integer)
        set(&settings.admission.perTarget, tree.at([section, "concurrency", "per_target"])?.integer)
        settings.strictDurability = string(section, "durability") == "strict"
    }

    private mutating func readObservability() -> ObservabilitySettings {
        var out = ObservabilitySettings()
        let section = "observability"
        set(&out.prometheusEnabled, tree.at([section, "prometheus", "enabled"])?.boolean)
        set(&out.prometheusPublic, tree.at([section, "prometheus", "public"])?.boolean)
        if let node = tree.at([section, "prometheus", "path"]), let path = node.string {
            if path.hasPrefix("/"), path.utf8.count > 1, path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
                out.prometheusPath = path
            } else {
                error(node, "observability.prometheus.path begins with /")
            }
        }
        out.jsonLogs = string(section, "log", "format") == "json"
        set(&out.logLevel, string(section, "log", "level"))
        if let node = tree.at([section, "access_log"]), let text = node.string {
            switch text {
            case "off", "": out.accessLog = .off
            case "stderr": out.accessLog = .standardError
            default: out.accessLog = .file(Directories.resolve(text, namedBy: node.origin))
            }
        }
        return out
    }

    private mutating func readPaths() -> ResolvedPaths {
        var folder = Directories.dataHome(environment).map { $0 + "/martlet" } ?? "martlet-data"
        if let node = tree.at(["storage", "data_dir"]), let text = node.string, !text.isEmpty {
            folder = Directories.resolve(text, namedBy: node.origin)
            while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        }
        var file = "martlet.db"
        if let node = tree.at(["storage", "url"]), let text = node.string {
            if text.hasPrefix("sqlite:") {
                file = String(text.dropFirst("sqlite:".utf8.count))
                while file.hasPrefix("//") { file.removeFirst() }
                if file.isEmpty { error(node, "storage.url names no file, like sqlite:martlet.db") }
            } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
                warn(node, "storage.url: PostgreSQL is known, not yet available in this version; SQLite is used")
            } else {
                error(node, "storage.url must begin with sqlite:")
            }
        }
        return ResolvedPaths(dataDirectory: folder, database: file.hasPrefix("/") ? file : folder + "/" + file)
    }

    private mutating func readLocal() -> LocalSettings {
        var local = LocalSettings()
        if let node = tree.at(["local", "engine"]), let engine = node.string, engine != "auto" {
            switch catalog.lookup(engine) {
            case .available(let descriptor): local.engine = descriptor.kind.rawValue
            case .unavailable(let provider): local.engine = provider.kind.rawValue
            case .unknown:
                let suggestion = Suggestion.nearest(to: engine, among: ["auto"] + catalog.typeNames)
                error(node, "local.engine \"\(KeyText.escaped(engine))\" is unknown", suggestion: suggestion)
            }
        }
        if let node = tree.at(["local", "base_url"]), let text = node.string, !text.isEmpty {
            do {
                var endpoint = try BaseURL.parse(text)
                // Engines are configured by host and port; their OpenAI surface lies under /v1.
                if endpoint.basePath.isEmpty { endpoint.basePath = "/v1" }
                local.endpoint = endpoint
            } catch {
                self.error(node, "local.base_url: \(error.message)", suggestion: error.suggestion)
            }
        }
        local.defaultModel = string("local", "default_model").flatMap { $0.isEmpty ? nil : $0 }
        local.allowedModels = tree.at(["local", "allowed_models"])?.strings
        set(&local.timeout, seconds("local", "timeout_s"))
        if let text = string("local", "keep_alive"), !text.isEmpty { local.keepAlive = text }
        local.headers = readCloudflareAccess()
        return local
    }

    /// Reads the service token of Cloudflare Access: both parts or none.
    private mutating func readCloudflareAccess() -> [HeaderField] {
        let idName = string("local", "cf_access", "client_id_env") ?? "LOCAL_CF_ACCESS_CLIENT_ID"
        let secretName = string("local", "cf_access", "client_secret_env") ?? "LOCAL_CF_ACCESS_CLIENT_SECRET"
        do {
            guard let id = try resolver.resolve(.environment(idName)),
                let secret = try resolver.resolve(.environment(secretName))
            else { return [] }
            return [
                HeaderField(name: "cf-access-client-id", value: id.reveal()),
                HeaderField(name: "cf-access-client-secret", value: secret.reveal()),
            ]
        } catch CredentialError.variableUnset(let missing) {
            let other = missing == idName ? secretName : idName
            if environment[other]?.isEmpty == false {
                diagnostics.append(.init(.warning, at: .environment(other), "has no effect without \(missing)"))
            }
        } catch {
            diagnostics.append(.init(.error, at: .environment(idName), error.reason))
        }
        return []
    }

    // MARK: Values

    private func isLoopback(_ server: ServerSettings) -> Bool { BaseURL.isLoopback(server.host) }

    private func string(_ path: String...) -> String? { tree.at(path)?.string }

    /// A file, as seen from the place that names it.
    private func path(_ path: String...) -> String? {
        guard let node = tree.at(path), let text = node.string, !text.isEmpty else { return nil }
        return Directories.resolve(text, namedBy: node.origin)
    }

    private func seconds(_ path: String...) -> Duration? { tree.at(path)?.number.map(Duration.seconds(_:)) }

    private func set<Value>(_ value: inout Value, _ new: Value?) {
        if let new { value = new }
    }

    private mutating func error(_ node: ConfigNode, _ message: String, suggestion: String? = nil) {
        diagnostics.append(.init(.error, at: node.origin, message, suggestion: suggestion))
    }

    private mutating func warn(_ node: ConfigNode, _ message: String) {
        diagnostics.append(.init(.warning, at: node.origin, message))
    }
}

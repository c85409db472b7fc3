internal import MartletCore
internal import MartletRouting

/// Builds aliases from their definitions: each one after those it stands for, so that none can lead back to itself.
struct AliasBuilder {
    /// What a name means when it is no alias.
    enum Meaning {
        /// A model with targets that are on.
        case targets([Target])
        /// A model none of whose providers is on, or the engine on this device is away.
        case nothingOn
        /// Nothing that is known.
        case unknown
    }

    private let definitions: [String: AliasDefinition]
    private let meaning: (_ name: String, _ reachesRegistry: Bool) -> Meaning
    private let names: () -> [String]
    private var built: [String: Alias?] = [:]
    private var path: [String] = []
    /// The aliases so far, in order of their indexes.
    private(set) var aliases: [Alias] = []
    private(set) var diagnostics: [ConfigDiagnostic] = []

    /// Prepares.
    ///
    /// - Parameters:
    ///   - definitions: All aliases, the later of two of one name counts.
    ///   - names: Names of models, for suggestions.
    ///   - meaning: Finds models.
    init(
        _ definitions: [AliasDefinition],
        names: @escaping () -> [String],
        meaning: @escaping (_ name: String, _ reachesRegistry: Bool) -> Meaning
    ) {
        self.definitions = Dictionary(definitions.map { ($0.name, $0) }) { $1 }
        self.names = names
        self.meaning = meaning
    }

    /// The alias of a name; `nil` when there is none, or it has no target.
    mutating func alias(_ name: String) -> Alias? {
        if let known = built[name] { return known }
        guard let definition = definitions[name] else { return nil }
        path.append(name)
        let made = make(definition)
        path.removeLast()
        built[name] = .some(made)
        return made
    }

    /// A model or an alias by its name, as a member of an alias; `nil` when nothing of it is on.
    mutating func member(_ member: AliasDefinition.Member, of owner: String, isTold: Bool) -> Alias.Member? {
        if definitions[member.name] != nil {
            guard !path.contains(member.name) else {
                let loop = (path.drop { $0 != member.name } + [member.name]).joined(separator: " → ")
                // Whoever wrote a part of the loop is told, also where another part comes with the gateway.
                error(place(of: member), "\(owner) leads back to itself: \(KeyText.escaped(loop))", true)
                return nil
            }
            guard path.count < Alias.maxDepth else {
                error(place(of: member), "\(owner) stands behind more than \(Alias.maxDepth) aliases", true)
                return nil
            }
            let inner = alias(member.name)
            guard path.count + (inner?.depth ?? 0) <= Alias.maxDepth else {
                error(place(of: member), "\(owner) stands behind or for more than \(Alias.maxDepth) aliases", true)
                return nil
            }
            return inner.map {
                Alias.Member(member.name, alias: $0, weight: member.weight, role: member.role)
            }
        }
        switch meaning(member.name, member.reachesRegistry) {
        case .targets(let targets):
            return Alias.Member(member.name, targets: targets, weight: member.weight, role: member.role)
        case .nothingOn:
            return nil
        case .unknown:
            if isTold {
                diagnostics.append(
                    .init(
                        .error,
                        at: member.origin,
                        "\(owner) names \"\(KeyText.escaped(member.name))\", which is no model and no alias",
                        suggestion: Suggestion.nearest(to: member.name, among: names() + definitions.keys.sorted())
                    )
                )
            }
            return nil
        }
    }

    /// Where a name is written, or the alias nearest to it that is.
    private func place(of member: AliasDefinition.Member) -> ConfigOrigin {
        guard case .default = member.origin else { return member.origin }
        return path.reversed().compactMap { definitions[$0] }.first(where: \.isConfigured)?.origin ?? .default
    }

    private mutating func make(_ definition: AliasDefinition) -> Alias? {
        let owner = "alias \(KeyText.part(definition.name))"
        var members: [Alias.Member] = []
        var count = 0
        var isMissing = false
        var absent: [String] = []
        for member in definition.members {
            let before = diagnostics.count
            guard let made = self.member(member, of: owner, isTold: definition.isConfigured) else {
                isMissing = isMissing || diagnostics[before...].hasErrorsInside
                absent.append(member.name)
                continue
            }
            count += made.alias?.breadth ?? made.targets.count
            guard count <= Alias.maxTargets else {
                error(
                    member.origin,
                    "\(owner) has more than \(Alias.maxTargets) targets, counted through other aliases",
                    definition.isConfigured
                )
                break
            }
            members.append(made)
        }
        guard !members.isEmpty else {
            if definition.isConfigured, !isMissing {
                let text = "\(owner) has no target that is on; it is left out"
                diagnostics.append(.init(.warning, at: definition.origin, text))
            }
            return nil
        }
        let alias = Alias(
            name: ModelName(definition.name),
            index: aliases.count,
            strategy: definition.strategy,
            members: members,
            isSticky: definition.isSticky,
            expected: definition.expected,
            isConfigured: definition.isConfigured,
            // Of what comes with the gateway nobody expects all.
            absent: definition.isConfigured ? absent : []
        )
        aliases.append(alias)
        return alias
    }

    private mutating func error(_ origin: ConfigOrigin, _ message: String, _ isTold: Bool) {
        guard isTold else { return }
        diagnostics.append(.init(.error, at: origin, message))
    }
}

extension ArraySlice<ConfigDiagnostic> {
    fileprivate var hasErrorsInside: Bool { contains { $0.severity == .error } }
}

public import MartletCore
import MartletWire

/// The names by which models that know plain functions alone are told the tools of a request in OpenAI's responses, and
/// what those names stand for.
///
/// A function of a namespace becomes `namespace__function`, and a tool that takes free text a function with the one
/// argument `input`. Made of the request alone, so that the writer of the answer comes to the same names as the writer
/// of the call.
public struct ResponsesToolMap: Hashable, Sendable {
    /// What a name stands for.
    public struct Original: Hashable, Sendable {
        /// The tool's name.
        public var name: String
        /// The namespace it stands in.
        public var namespace: String?
        /// Whether it takes free text.
        public var isCustom: Bool
    }

    /// What the names stand for that are not plain functions' own.
    public private(set) var originals: [String: Original] = [:]
    private var sent: [Original: String] = [:]
    private var taken: Set<String> = []

    /// Reads the tools of a request; one of another dialect has none of these kinds.
    public init(_ request: ChatRequest?) {
        guard let request, request.dialect == .openAIResponses else { return }
        for case .function(let function) in request.tools ?? [] { taken.insert(function.name) }
        for case .other(let type, let value) in request.tools ?? [] {
            guard let document = try? JSONDocument(value.bytes) else { continue }
            document.withView { view in
                guard let name = view.member("name")?.string() else { return }
                if type == "custom" { add(Original(name: name, namespace: nil, isCustom: true)) }
                guard type == "namespace", let list = view.member("tools"), list.kind == .array else { return }
                for tool in list.elements {
                    guard let inner = tool.member("name")?.string() else { continue }
                    let isCustom = tool.member("type")?.equalsString("custom") ?? false
                    add(Original(name: inner, namespace: name, isCustom: isCustom))
                }
            }
        }
    }

    private mutating func add(_ original: Original) {
        guard sent[original] == nil else { return }
        let name = ResponsesNames.unique(Self.flat(original.name, original.namespace), &taken)
        sent[original] = name
        originals[name] = original
    }

    /// The name by which a tool is told.
    func name(_ name: String, namespace: String?) -> String {
        for isCustom in [false, true] {
            if let known = sent[Original(name: name, namespace: namespace, isCustom: isCustom)] { return known }
        }
        return namespace == nil ? name : Self.flat(name, namespace)
    }

    private static func flat(_ name: String, _ namespace: String?) -> String {
        guard let namespace, !namespace.isEmpty else { return ResponsesNames.clean(name, otherwise: "tool") }
        let joined = namespace.hasSuffix("__") ? namespace + name : namespace + "__" + name
        return ResponsesNames.clean(joined, otherwise: "tool")
    }

    /// The free text in the arguments of a call that was made as a function.
    static func input(_ arguments: String) -> String {
        guard let document = try? JSONDocument(Array(arguments.utf8)) else { return arguments }
        return document.withView { view in
            if let text = view.member("input")?.string() { return text }
            if view.kind == .string { return view.string() ?? arguments }
            return arguments
        }
    }

    /// The arguments of a function that stands for a tool with free text.
    static func arguments(_ input: String) -> String {
        var writer = JSONWriter()
        writer.object { $0.member("input", input) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

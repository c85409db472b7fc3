import MartletCore
import MartletWire

/// A choice of tools of the type `allowed_tools`: only these functions may be called.
struct AllowedTools {
    let names: Set<String>
    /// Whether one of them must be called.
    let isRequired: Bool

    /// Reads a choice; `nil` for every other one.
    init?(_ choice: ChatToolChoice?) {
        guard case .other(let value)? = choice, let document = try? JSONDocument(value.bytes) else { return nil }
        let read: (names: Set<String>, isRequired: Bool)? = document.withView { view in
            guard view.member("type")?.equalsString("allowed_tools") == true else { return nil }
            let inner = view.member("allowed_tools") ?? view
            guard let list = inner.member("tools"), list.kind == .array else { return nil }
            var names: Set<String> = []
            for tool in list.elements {
                if let name = (tool.member("function")?.member("name") ?? tool.member("name"))?.string() {
                    names.insert(name)
                }
            }
            return (names, inner.member("mode")?.equalsString("required") ?? false)
        }
        guard let read else { return nil }
        (names, isRequired) = read
    }
}

import MartletCore

/// Names that tools are sent under where the caller's are not taken as they are, the same for the same name in one
/// request.
///
/// The tools of a request have their names before anything of its history does, and a name that would be another one's
/// gets a mark made of itself alone. So the same tools have the same names in every turn of a conversation, whichever
/// of them was called first: providers keep what they computed of a prompt only while its beginning stays the same.
struct FittedNames {
    private var sentNames: [String: String] = [:]
    private var taken: Set<String> = []
    /// The next number behind a name that is taken, so that many of them are not all tried.
    private var numbers: [String: Int] = [:]

    /// The caller's names by those sent, where they differ.
    private(set) var renamed: [String: String] = [:]

    /// Gives the tools of a request their names: those that are taken as they are, then the others.
    ///
    /// - Parameters:
    ///   - names: The names in the caller's words.
    ///   - limit: The longest name, in bytes.
    ///   - fit: Makes a name one that is taken; equal for a name that is.
    mutating func register(_ names: [String], limit: Int, fit: (String) -> String) {
        var seen: Set<String> = []
        let names = names.filter { seen.insert($0).inserted && sentNames[$0] == nil }
        let fitted = names.map(fit)
        var wishes: [String: Int] = [:]
        for (name, wish) in zip(names, fitted) {
            wishes[wish, default: 0] += 1
            if name == wish { take(wish, for: name, limit) }
        }
        for (name, wish) in zip(names, fitted) where name != wish {
            take(wishes[wish] == 1 ? wish : Self.marked(wish, by: name, limit), for: name, limit)
        }
    }

    /// The name to send for a tool.
    ///
    /// - Parameters:
    ///   - name: The name in the caller's words.
    ///   - limit: As in ``register(_:limit:fit:)``.
    ///   - fit: As in ``register(_:limit:fit:)``.
    mutating func name(_ name: String, limit: Int, fit: (String) -> String) -> String {
        if let known = sentNames[name] { return known }
        let wish = fit(name)
        return take(taken.contains(wish) ? Self.marked(wish, by: name, limit) : wish, for: name, limit)
    }

    @discardableResult
    private mutating func take(_ wish: String, for name: String, _ limit: Int) -> String {
        var sent = wish
        while !taken.insert(sent).inserted {
            let number = numbers[wish, default: 2]
            numbers[wish] = number + 1
            sent = Self.cut(wish, "_\(number)", limit)
        }
        sentNames[name] = sent
        if sent != name { renamed[sent] = name }
        return sent
    }

    /// A name with a mark that is made of the whole of another one (FNV-1a).
    private static func marked(_ name: String, by whole: String, _ limit: Int) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in whole.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(UInt32(truncatingIfNeeded: hash ^ (hash >> 32)), radix: 16)
        return cut(name, "_" + String(repeating: "0", count: 8 - digits.utf8.count) + digits, limit)
    }

    private static func cut(_ name: String, _ suffix: String, _ limit: Int) -> String {
        String(decoding: name.utf8.prefix(max(0, limit - suffix.utf8.count)), as: UTF8.self) + suffix
    }
}

extension ChatRequest {
    /// The names of the functions that the model may call.
    var functionNames: [String] {
        (tools ?? []).compactMap { tool in
            if case .function(let function) = tool { function.name } else { nil }
        }
    }
}

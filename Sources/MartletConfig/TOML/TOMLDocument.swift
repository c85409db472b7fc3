internal import TOMLKit

/// One configuration file as a tree of values with positions.
enum TOMLDocument {
    /// The largest file that is read, in bytes.
    static let maxBytes = 4 << 20

    /// Parses a file; findings about its text go to `diagnostics`, and an unreadable one yields an empty table.
    static func parse(_ bytes: [UInt8], file: String, diagnostics: inout [ConfigDiagnostic]) -> ConfigTable {
        func origin(_ position: TOMLPositions.Position) -> ConfigOrigin {
            .file(path: file, line: position.line, column: position.column)
        }
        let start = ConfigOrigin.file(path: file, line: 1, column: 1)
        guard bytes.count <= maxBytes else {
            diagnostics.append(.init(.error, at: start, "the file is larger than 4 MiB"))
            return ConfigTable()
        }
        // The parser takes a C string: it would stop at a NUL and read half a configuration.
        if let nul = bytes.firstIndex(of: 0) {
            diagnostics.append(.init(.error, at: place(of: nul, in: bytes, file: file), "NUL byte"))
            return ConfigTable()
        }
        let scanner = TOMLScanner(bytes)
        if let deep = scanner.tooDeep {
            diagnostics.append(
                .init(.error, at: origin(deep), "nested deeper than \(TOMLScanner.maxDepth) levels")
            )
            return ConfigTable()
        }
        if let fault = scanner.fault {
            diagnostics.append(.init(.error, at: origin(fault.position), fault.message))
            return ConfigTable()
        }
        guard let text = String(validating: scanner.quotingNames(), as: UTF8.self) else {
            diagnostics.append(.init(.error, at: start, "the file is not UTF-8"))
            return ConfigTable()
        }
        for name in scanner.unquotedNames {
            let spelled = String(decoding: bytes[name.range], as: UTF8.self)
            diagnostics.append(
                .init(.warning, at: origin(name.position), "a name with a slash needs quotes: \"\(spelled)\"")
            )
        }
        do {
            let table = try TOMLTable(string: text)
            return Converter(file: file).table(table, scanner.root)
        } catch let error as TOMLParseError {
            let begin = error.source.begin
            let place = ConfigOrigin.file(path: file, line: max(1, begin.line), column: max(1, begin.column))
            diagnostics.append(.init(.error, at: place, oneLine(error.description)))
        } catch {
            diagnostics.append(.init(.error, at: start, "the file cannot be parsed"))
        }
        return ConfigTable()
    }

    private static func oneLine(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            out.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return out
    }

    private static func place(of offset: Int, in bytes: [UInt8], file: String) -> ConfigOrigin {
        let before = bytes[..<offset]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return .file(path: file, line: line, column: offset - lineStart + 1)
    }

    /// Joins the library's values with the scanner's positions and order.
    private struct Converter {
        var file: String

        func table(_ table: TOMLTable, _ positions: TOMLPositions) -> ConfigTable {
            let order = positions.order()
            let keys = table.keys.map { (key: $0, place: order[Array($0.utf8)] ?? Int.max) }
            var out = ConfigTable()
            for (key, _) in keys.sorted(by: { $0.place < $1.place }) {
                guard let value = table[key] else { continue }
                out[key] = node(value, positions.child(Array(key.utf8)) ?? positions)
            }
            return out
        }

        func node(_ value: any TOMLValueConvertible, _ positions: TOMLPositions) -> ConfigNode {
            let position = positions.position
            let origin = ConfigOrigin.file(path: file, line: position.line, column: position.column)
            return ConfigNode(value: self.value(value, positions), origin: origin)
        }

        private func value(_ value: any TOMLValueConvertible, _ positions: TOMLPositions) -> ConfigNode.Value {
            if let text = value.string { return .string(text) }
            if let number = value.int { return .integer(number) }
            if let number = value.double { return .decimal(number) }
            if let flag = value.bool { return .boolean(flag) }
            if let inner = value.table { return .table(table(inner, positions)) }
            guard let array = value.array else { return .moment }
            var nodes: [ConfigNode] = []
            for (index, element) in array.enumerated() {
                nodes.append(node(element, index < positions.elements.count ? positions.elements[index] : positions))
            }
            return .array(nodes)
        }
    }
}

import Foundation
import MartletWire
import Testing

/// What another implementation says about many documents; the file is written by the script beside it.
@Suite("JSON Schema, beside another implementation") struct SchemaVerdictTests {
    private static func lines() throws -> [Line] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/verdicts.json")
        return try JSONDocument(Array(Data(contentsOf: file))).withView { view in
            view.elements.compactMap { line in
                guard let schema = line.member("schema"), let cases = line.member("cases") else { return nil }
                return Line(
                    schema: schema.rawBytes,
                    cases: cases.elements.map { pair in
                        let pair = Array(pair.elements)
                        return (pair[0].rawBytes, pair[1].bool() == true)
                    }
                )
            }
        }
    }

    private struct Line {
        var schema: [UInt8]
        var cases: [(document: [UInt8], isValid: Bool)]
    }

    @Test func `the same documents follow the same schemas`() throws {
        let lines = try Self.lines()
        #expect(lines.count > 500)
        var wrong: [String] = []
        for line in lines {
            let schema = try JSONSchema(JSONDocument(line.schema))
            #expect(schema.unchecked.isEmpty)
            for (document, isValid) in line.cases {
                let verdict = try schema.check(JSONDocument(document))
                if verdict == .valid, isValid { continue }
                if case .invalid(let violations) = verdict, !isValid, !violations.isEmpty { continue }
                let texts = [line.schema, document].map { String(decoding: $0, as: UTF8.self) }
                wrong.append("\(texts[0]) with \(texts[1]): \(verdict), the other one says \(isValid)")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count) differ, such as \(wrong.prefix(5).joined(separator: "\n"))")
    }
}

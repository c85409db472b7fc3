import MartletCore
import MartletWire

/// The lines of a file of newline-delimited JSON.
enum BatchLines {
    /// Calls back for each line that is not blank with its number, from 1, until told to stop.
    ///
    /// Lines end with LF or CRLF; a line without an ending at the end counts, too.
    static func forEach(_ bytes: [UInt8], _ body: (_ number: Int, _ line: ArraySlice<UInt8>) -> Bool) {
        var start = bytes.startIndex
        var number = 0
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            number += 1
            var line = bytes[start..<end]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) {
                guard body(number, line) else { return }
            }
            start = end + 1
        }
    }

    /// Writes values as lines.
    static func write<Value>(_ values: [Value], _ body: (Value, inout JSONWriter) -> Void) -> [UInt8] {
        var out: [UInt8] = []
        for value in values {
            JSONWriter.append(to: &out) { body(value, &$0) }
            out.append(UInt8(ascii: "\n"))
        }
        return out
    }
}

extension ArraySlice<UInt8> {
    /// Reads one line of an upstream's file.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, which names the line.
    func line<Value>(
        _ number: Int,
        _ make: (JSONView) throws(JSONFieldError) -> Value
    ) throws(ChatFailure) -> Value {
        try Array(self).answered { (view) throws(ChatFailure) in
            do throws(JSONFieldError) {
                return try make(view)
            } catch {
                throw .malformed("line \(number): '\(error.path)' must be \(error.expected)")
            }
        }
    }
}

extension [UInt8] {
    /// Reads a body of an upstream.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``.
    func batchAnswer<Value>(_ make: (JSONView) throws(JSONFieldError) -> Value) throws(ChatFailure) -> Value {
        try answered { (view) throws(ChatFailure) in
            do throws(JSONFieldError) {
                return try make(view)
            } catch {
                throw .malformed("'\(error.path)' must be \(error.expected)")
            }
        }
    }
}

extension JSONObjectReader {
    /// Takes one of a closed list of words.
    mutating func requireWord<Word: RawRepresentable & CaseIterable>(
        _ name: StaticString,
        _ type: Word.Type
    ) throws(JSONFieldError) -> Word where Word.RawValue == String {
        let view = try require(name, expected: "a string")
        guard let text = view.string(), let word = Word(rawValue: text) else {
            throw view.error(expected: "one of " + type.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return word
    }

    /// Takes a count that must be there.
    mutating func requireCount(_ name: StaticString) throws(JSONFieldError) -> Int64 {
        try requireInt(name, in: 0 ... .max)
    }
}

extension JSONWriter {
    mutating func orNull(_ name: StaticString, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }
}

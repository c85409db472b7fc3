import MartletCore
public import MartletWire

/// The beginning of a prompt, by which requests of one conversation are known to belong together.
///
/// What providers cache is the beginning: system texts and the first message of the user stay the same from turn to turn.
public enum PromptPrefix {
    /// Bytes of one part that count; with its length they tell conversations apart.
    private static let bytesOfPart = 16_384

    /// Hashes the system texts and the messages up to the first one of the user.
    ///
    /// The same bytes give the same hash in every process. They are hashed as they stand in the body, whatever the
    /// wire format: a client writes the same conversation the same way each time.
    ///
    /// - Parameters:
    ///   - body: A body that is an object, as ``JSONScanner`` has checked it.
    ///   - scanner: What it noted.
    ///   - salt: Keeps equal prompts of different callers apart.
    /// - Returns: The hash; `nil` when the body has no prompt.
    public static func hash(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        salt: UInt64
    ) -> UInt64? {
        let parts: [StaticString] = ["system", "instructions", "systemInstruction", "system_instruction"]
        let lists: [StaticString] = ["messages", "input", "contents", "prompt"]
        guard let members = try? unsafe BodyMembers(body, scanner, parts + lists) else { return nil }
        var hash = salt
        for name in parts {
            if let value = members["\(name)"] { unsafe add(body, value.range, to: &hash) }
        }
        var isFound = false
        for name in lists {
            guard let value = members["\(name)"] else { continue }
            isFound = true
            guard value.kind == .array else {
                unsafe add(body, value.range, to: &hash)
                break
            }
            for element in value.elements {
                unsafe add(body, element.range, to: &hash)
                let role = element.kind == .object ? element.member("role")?.string() : nil
                if role == nil || role == "user" { break }
            }
            break
        }
        return isFound ? hash : nil
    }

    /// Mixes eight bytes at a time.
    private static func add(_ body: UnsafeRawBufferPointer, _ range: Range<Int>, to hash: inout UInt64) {
        hash = mixed(hash ^ UInt64(range.count))
        let end = min(range.upperBound, range.lowerBound + bytesOfPart, body.count)
        var index = range.lowerBound
        while index + 8 <= end {
            let word = unsafe body.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            hash = mixed(hash ^ UInt64(littleEndian: word))
            index += 8
        }
        while index < end {
            hash = mixed(hash ^ UInt64(unsafe body[index]))
            index += 1
        }
    }

    /// Spreads the bits of a number (the finalizer of SplitMix64).
    private static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

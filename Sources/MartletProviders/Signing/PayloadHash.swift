internal import Crypto

/// Computes the SHA-256 of a body piece by piece.
public struct PayloadHash: Sendable {
    private var hasher = SHA256()

    /// Starts with nothing.
    public init() {}

    /// Adds the next bytes of the body.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { unsafe hasher.update(bufferPointer: bytes) }

    /// The 64 lower-case hexadecimal digits of what was added.
    public func digits() -> [UInt8] { Hex.digits(hasher.finalize()) }

    /// The digits of one whole piece.
    public static func digits(of bytes: [UInt8]) -> [UInt8] {
        var hash = PayloadHash()
        unsafe bytes.withUnsafeBytes { unsafe hash.update($0) }
        return hash.digits()
    }
}

enum Hex {
    /// Lower-case hexadecimal digits.
    static func digits(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var digits: [UInt8] = []
        digits.reserveCapacity(64)
        for byte in bytes {
            digits.append(digit(byte >> 4))
            digits.append(digit(byte & 15))
        }
        return digits
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

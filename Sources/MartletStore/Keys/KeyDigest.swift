import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The HMAC-SHA-256 of a key: what is stored and compared instead of the key.
struct KeyDigest: Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    fileprivate init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// Reads the 32 stored bytes; `nil` when there are fewer or more.
    init?(stored: Data) {
        guard stored.count == 32 else { return nil }
        let bytes = [UInt8](stored)
        var reader = ByteReader(0..<bytes.count)
        words = (
            reader.bigEndian(bytes.span), reader.bigEndian(bytes.span), reader.bigEndian(bytes.span),
            reader.bigEndian(bytes.span)
        )
    }

    /// The 32 bytes to store.
    var stored: Data {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(words.0)
        bytes.appendBigEndian(words.1)
        bytes.appendBigEndian(words.2)
        bytes.appendBigEndian(words.3)
        return Data(bytes)
    }

    /// The first word, as a number that tells one pepper from another.
    var fingerprint: Int64 { Int64(bitPattern: words.0) }

    /// A digest that no key has, to compare with when there is none.
    static let none = KeyDigest(words: (0, 0, 0, 0))

    /// Compares all 256 bits whatever they are: no branch depends on them.
    func equals(_ other: KeyDigest) -> Bool {
        (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2) | (words.3 ^ other.words.3)
            == 0
    }
}

/// Computes key digests with the server's pepper.
struct KeyHasher: Sendable {
    /// The generator with its key already absorbed; each digest starts from a copy.
    private let template: HMAC<SHA256>

    init(pepper: Pepper) { template = HMAC(key: SymmetricKey(data: pepper.bytes)) }

    func digest(of key: Span<UInt8>) -> KeyDigest {
        var generator = template
        unsafe key.withUnsafeBytes { unsafe generator.update(data: $0) }
        let code = generator.finalize()
        return unsafe code.withUnsafeBytes { bytes in
            unsafe KeyDigest(
                words: (
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
                )
            )
        }
    }
}

import Foundation
import MartletCore
import MartletExchange
import MartletGovernance
import MartletStore
import NIOCore

@testable import MartletServer

/// The control plane over a data directory of its own, without any socket.
final class AdminBench {
    /// 2026-11-20T12:00:00Z in milliseconds since 1970.
    static let now: UInt64 = 1_795_176_000_000

    let folder: URL
    let ledger: UsageLedger
    let keys: KeyStore
    let bridge: ControlBridge

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)")
        let directory = try DataDirectory(creating: folder.path)
        let database = try MartletDatabase(directory)
        ledger = try UsageLedger(
            directory,
            database: database,
            options: SpoolOptions(segmentBytes: 4_096, totalBytes: 1 << 20, reserveBytes: 64 << 10),
            now: Self.now
        )
        keys = try KeyStore(database, pepper: Pepper(directory), directory: directory)
        bridge = ControlBridge(ledger: ledger, keys: keys, wallClock: { Self.now })
        ledger.start()
    }

    deinit {
        try? ledger.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Sends a request as an admin.
    func send(
        _ method: String,
        _ path: String,
        query: String? = nil,
        contentType: String? = "application/json",
        body: String = "",
        as principal: Principal = Principal(key: APIKeyID("abcdefghijkl"), scopes: [.inference, .admin])
    ) async throws -> AdminAnswer {
        let request = ControlRequest(
            method: method,
            path: path,
            query: query,
            contentType: contentType,
            body: ByteBuffer(string: body),
            principal: principal
        )
        return await bridge.answer(to: request)
    }
}

/// An answer of the control plane.
struct AdminAnswer: Sendable {
    var status: Int
    var contentType: String
    var allow: String?
    var text: String

    /// The body as an object.
    var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    }

    /// The `error` member of the body.
    var error: [String: Any] { object["error"] as? [String: Any] ?? [:] }
    var code: String? { error["code"] as? String }
    var param: String? { error["param"] as? String }
}

extension ControlBridge {
    func answer(to request: ControlRequest) async -> AdminAnswer {
        await withCheckedContinuation { continuation in
            handle(request) { answer in
                guard case .page(let page) = answer else {
                    return continuation.resume(returning: AdminAnswer(status: 0, contentType: "", allow: nil, text: ""))
                }
                continuation.resume(
                    returning: AdminAnswer(
                        status: page.status,
                        contentType: page.contentType,
                        allow: page.allow,
                        text: String(buffer: page.body)
                    )
                )
            }
        }
    }
}

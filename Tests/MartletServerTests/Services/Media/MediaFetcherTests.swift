import MartletCore
import MartletTesting
import NIOPosix
import Testing

@testable import MartletExchange
@testable import MartletServer

@Suite("Media fetcher", .timeLimit(.minutes(1))) struct MediaFetcherTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]

    /// What a server does about a path, as raw bytes; a redirect to itself names `HOST`.
    private static func script(_ request: ReceivedRequest) -> UpstreamScript {
        func whole(_ head: String, _ body: [UInt8] = []) -> UpstreamScript {
            UpstreamScript([
                .write(Array("HTTP/1.1 \(head)\r\ncontent-length: \(body.count)\r\n\r\n".utf8) + body), .close,
            ])
        }
        let path = request.requestLine.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        switch path {
        case "/a.png": return whole("200 OK\r\ncontent-type: text/html", png)
        case "/page": return whole("200 OK\r\ncontent-type: image/png", Array("<html>".utf8))
        case "/doc": return whole("200 OK", Array("%PDF-1.7".utf8))
        case "/gone": return whole("404 Not Found", Array("secret text".utf8))
        case "/large": return whole("200 OK", png + [UInt8](repeating: 0, count: MediaFetcher.maxBytes))
        case "/endless":
            return UpstreamScript([
                .write(Array("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".utf8) + png),
                .flood([UInt8](repeating: 0, count: 1 << 20), count: 40), .close,
            ])
        case "/on/1": return whole("302 Found\r\nlocation: /on/2")
        case "/on/2": return whole("307 Temporary Redirect\r\nlocation: /a.png#top")
        case "/loop": return whole("301 Moved\r\nlocation: /loop")
        case "/inside": return whole("302 Found\r\nlocation: http://localhost:1/a.png")
        case "/silent": return UpstreamScript([.hold])
        default: return whole("500 No")
        }
    }

    private func run(
        total: Duration = .seconds(15),
        _ body: (MediaFetcher, String, [String]) async throws -> Void
    ) async throws {
        let server = try await ScriptedUpstream.start { request, _ in Self.script(request) }
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        let fetcher = MediaFetcher(
            resolver: Resolver(threads: threads),
            group: MultiThreadedEventLoopGroup.singleton,
            total: total
        )
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(
                try await body(fetcher, "http://127.0.0.1:\(server.port)", ["127.0.0.1:\(server.port)"])
            )
        } catch { outcome = .failure(error) }
        await server.stop()
        try? await threads.shutdownGracefully()
        try outcome.get()
    }

    private func fetch(
        _ fetcher: MediaFetcher,
        _ url: String,
        _ hosts: [String],
        _ kind: MediaRequest.Kind = .image
    ) async -> (data: String?, error: GatewayError?) {
        let item = MediaRequest.Item(url: url, kind: kind, path: "messages[0].content[1]")
        switch await fetcher.answer(MediaRequest(items: [item], allowedHosts: hosts)) {
        case .fetched(let data): return (data[url], nil)
        case .failed(let error): return (nil, error)
        }
    }

    @Test("a picture is what its first bytes say, whatever the server says; redirects are followed")
    func fetches() async throws {
        try await run { fetcher, base, hosts in
            for path in ["/a.png", "/on/1"] {
                let answer = await fetch(fetcher, base + path, hosts)
                #expect(answer.data == "data:image/png;base64,iVBORw0KGgoBAgM=", "\(String(describing: answer.error))")
            }
            let document = await fetch(fetcher, base + "/doc", hosts, .document)
            #expect(document.data == "data:application/pdf;base64,JVBERi0xLjc=")
        }
    }

    @Test(
        "what is no picture, too large or not there is the caller's error, which repeats nothing of it",
        arguments: ["/page", "/gone", "/large", "/endless", "/doc"]
    )
    func fails(_ path: String) async throws {
        try await run { fetcher, base, hosts in
            let error = await fetch(fetcher, base + path, hosts).error
            #expect(error?.code == .invalidValue && error?.param == "messages[0].content[1]")
            #expect(error?.message.contains("secret") == false && error?.message.contains("127.0.0.1") == false)
        }
    }

    @Test("an address of this machine, or that leads there, is refused unless its host is allowed")
    func refused() async throws {
        try await run { fetcher, base, hosts in
            #expect(await fetch(fetcher, base + "/a.png", []).error?.code == .urlNotAllowed)
            #expect(await fetch(fetcher, base + "/inside", hosts).error?.code == .urlNotAllowed)
            #expect(await fetch(fetcher, base + "/loop", hosts).error?.code == .urlNotAllowed)
            for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"] {
                #expect(await fetch(fetcher, "https://\(host)/", hosts).error?.code == .urlNotAllowed, "\(host)")
            }
        }
    }

    @Test("a name is asked at the address that was checked")
    func pinned() async throws {
        try await run { fetcher, base, _ in
            // The name leads to this machine, and is allowed: the server sees the name, not the address.
            let named = base.replacing("127.0.0.1", with: "localhost")
            let host = String(named.dropFirst(7))
            #expect(await fetch(fetcher, named + "/a.png", [host]).data != nil)
        }
    }

    @Test("a server that says nothing is given up")
    func silent() async throws {
        try await run(total: .milliseconds(50)) { fetcher, base, hosts in
            #expect(await fetch(fetcher, base + "/silent", hosts).error?.code == .invalidValue)
        }
    }
}

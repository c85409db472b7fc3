import Foundation
import MartletTesting
import Testing

extension Live {
    /// Bytes that must not pile up.
    ///
    /// Each test runs in a process of its own, so that its memory is its own too.
    @Suite("Pressure")
    struct Pressure {
        #if os(Linux)
        @Test("a line of 200 MiB is refused without memory growing by 32 MiB, before and after the first content")
        func longLine() async {
            await #expect(processExitsWith: .success) {
                try await LiveGateway.run { gateway, upstream in
                    // What is allocated once, is allocated now.
                    _ = try await gateway.chat("up::ok", stream: true)
                    _ = try await gateway.chat("up::cut", stream: true)
                    let before = try PeakMemory.restart()
                    let refused = try await gateway.chat("up::long-line", stream: true)
                    #expect(refused.status == 502 && refused.errorCode == "provider_error")
                    let cut = try await gateway.chat("up::long-line-midway", stream: true)
                    #expect(cut.status == 200 && cut.text.contains("stream_interrupted"))
                    let grown = try PeakMemory.bytes() - before
                    #expect(grown < 32 << 20, "grew by \(grown >> 10) KiB")
                    #expect(await upstream.wait { $0.connections.allSatisfy(\.isClosed) || $0.connections.count < 2 })
                    let sent = upstream.journal.connections.map(\.bytesSent).max() ?? 0
                    #expect(sent < 16 << 20, "\(sent >> 20) MiB were taken")
                }
            }
        }

        @Test(
            "a client that does not read stops the upstream, and gets the whole stream when it reads again",
            arguments: Transport.allCases
        )
        func backPressure(over transport: Transport) async {
            await #expect(processExitsWith: .success) { [transport] in
                try await LiveGateway.run(over: transport) { gateway, upstream in
                    _ = try await gateway.chat("up::ok", stream: true)
                    let before = try PeakMemory.restart()
                    let client = try await gateway.connect(reads: false, receiveBuffer: 64 << 10)
                    let asked = upstream.journal.requests.count
                    try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::flood:64", stream: true)))
                    #expect(await upstream.wait { $0.requests.count == asked + 1 })
                    let connection = upstream.journal.requests[asked].connection
                    var sent = -1
                    // Until nothing has moved for half a second.
                    while await upstream.wait(
                        within: .milliseconds(500),
                        until: { [sent] in
                            $0.connections[connection].bytesSent > sent
                        }
                    ) {
                        sent = upstream.journal.connections[connection].bytesSent
                        guard sent < 32 << 20 else { break }
                    }
                    #expect(sent < 8 << 20, "\(sent >> 10) KiB were taken")
                    let grown = try PeakMemory.bytes() - before
                    #expect(grown < 16 << 20, "grew by \(grown >> 10) KiB")
                    try await client.startReading()
                    let answer = try await client.response(within: .seconds(60))
                    #expect(answer.isComplete && answer.body.count > 63 << 20)
                    #expect(answer.body.suffix(14).elementsEqual("data: [DONE]\n\n".utf8))
                    await client.close()
                }
            }
        }
        #endif
    }
}

#if os(Linux)
/// The most memory this process has held since the last restart (proc(5): VmHWM, clear_refs).
enum PeakMemory {
    struct Unknown: Error {}

    /// Begins anew from what is held now, and returns that in bytes.
    static func restart() throws -> Int {
        try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        return try bytes()
    }

    static func bytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        guard
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = Int(line.filter(\.isNumber))
        else { throw Unknown() }
        return kilobytes << 10
    }
}
#endif

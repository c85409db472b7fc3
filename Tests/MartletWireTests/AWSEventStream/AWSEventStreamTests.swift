import Foundation
import MartletWire
import Testing

/// What came of a stream.
private struct Outcome: Equatable {
    var messages: [AWSEventMessage] = []
    var error: AWSEventStreamError?
    var pending = 0
}

private func split(_ reads: [[UInt8]], limits: AWSEventStreamLimits = .format) -> Outcome {
    var splitter = AWSEventSplitter(limits: limits)
    var outcome = Outcome()
    for read in reads {
        read.withUnsafeBytes { bytes in
            var position = 0
            do throws(AWSEventStreamError) {
                while let frame = try splitter.next(in: bytes, at: &position) {
                    #expect(frame.endInRead == position && frame.endInRead - frame.startInRead == frame.count)
                    outcome.messages.append(splitter.withView(of: frame, in: bytes) { $0.message })
                }
                #expect(position == read.count)
            } catch {
                outcome.error = error
            }
        }
    }
    outcome.pending = splitter.pendingBytes
    return outcome
}

private func bytes(hex text: some StringProtocol) -> [UInt8] {
    var bytes: [UInt8] = []
    var half: UInt8?
    for digit in text.compactMap(\.hexDigitValue) {
        if let high = half {
            bytes.append(high << 4 | UInt8(digit))
            half = nil
        } else {
            half = UInt8(digit)
        }
    }
    return bytes
}

/// Frames of AWS's event stream, held to what botocore's parser says of them; the file is written by the script beside it.
@Suite("AWS event stream") struct AWSEventStreamTests {
    private struct Line {
        var bytes: [UInt8]
        /// `nil` where they are refused.
        var messages: [AWSEventMessage]?
    }

    private static func lines() throws -> [Line] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/frames.json")
        return try JSONDocument(Array(Data(contentsOf: file))).withView { view in
            try view.elements.map { line in
                let frames = try #require(line.member("frames"))
                return Line(
                    bytes: bytes(hex: try #require(line.member("bytes")?.string())),
                    messages: frames.isNull ? nil : try frames.elements.map(Self.message)
                )
            }
        }
    }

    private static func message(_ view: JSONView) throws -> AWSEventMessage {
        var message = AWSEventMessage(payload: bytes(hex: try #require(view.member("payload")?.string())))
        for field in try #require(view.member("headers")).elements {
            let parts = Array(field.elements)
            let value = bytes(hex: try #require(parts[2].string()))
            let number = value.reduce(Int64(value.first.map { $0 > 127 } ?? false ? -1 : 0)) { $0 << 8 | Int64($1) }
            let typed: AWSEventHeader.Value =
                switch try #require(parts[1].int64()) {
                case 0: .bool(true)
                case 1: .bool(false)
                case 2: .int8(Int8(number))
                case 3: .int16(Int16(number))
                case 4: .int32(Int32(number))
                case 5: .int64(number)
                case 6: .bytes(value)
                case 7: .string(String(decoding: value, as: UTF8.self))
                case 8: .timestamp(number)
                default: .uuid(value)
                }
            message.headers.append(AWSEventHeader(try #require(parts[0].string()), typed))
        }
        return message
    }

    @Test func `the same frames are read as by botocore, and written as they were`() throws {
        let lines = try Self.lines()
        #expect(lines.count > 600)
        #expect(lines.count { $0.messages == nil } > 200)
        for line in lines {
            let outcome = split([line.bytes])
            guard let messages = line.messages else {
                #expect(outcome.error != nil, "\(line.bytes)")
                continue
            }
            #expect(outcome == Outcome(messages: messages))
            var written: [UInt8] = []
            for message in messages { message.append(to: &written) }
            #expect(written == line.bytes)
        }
    }

    @Test func `at any cut`() throws {
        for (index, line) in try Self.lines().enumerated() where index < 60 || index % 10 == 0 {
            let whole = split([line.bytes])
            for reads in cuts(of: line.bytes, seed: UInt64(index), random: 5) { #expect(split(reads) == whole) }
        }
    }

    @Test func `a changed bit is never taken for a frame`() throws {
        for line in try Self.lines().prefix(6) {
            for place in line.bytes.indices {
                for bit in 0..<8 {
                    var changed = line.bytes
                    changed[place] ^= 1 << UInt8(bit)
                    let outcome = split([changed])
                    let error: AWSEventStreamError = place < 12 ? .preludeChecksum : .frameChecksum
                    #expect(outcome == Outcome(error: error), "\(place).\(bit)")
                }
            }
        }
    }

    @Test func `a frame over the limits is refused before it is gathered`() {
        var frame: [UInt8] = []
        AWSEventMessage(event: "chunk", payload: [UInt8](repeating: 1, count: 100)).append(to: &frame)
        let headers = frame.count - 116
        func limits(_ headers: Int, _ payload: Int) -> AWSEventStreamLimits {
            AWSEventStreamLimits(maxHeaderBytes: headers, maxPayloadBytes: payload)
        }
        #expect(split([frame], limits: limits(headers, 100)).messages.count == 1)
        for tight in [limits(headers - 1, 100), limits(headers, 99)] {
            // The first twelve bytes tell.
            #expect(split([Array(frame[..<12])], limits: tight) == Outcome(error: .length))
        }
    }

    @Test func `lengths that contradict each other are refused`() {
        // Checksums that fit, of frames shorter than their own parts.
        for text in ["0000000f 00000000 e77248b8", "00000010 00000001 72c5787d"] {
            let start = bytes(hex: text)
            let outcome = split([start])
            #expect(outcome.error != nil && outcome.pending == 0, "\(text)")
        }
    }

    @Test func `a frame with more fields than any service sends is refused`() {
        var message = AWSEventMessage()
        for number in 0..<128 { message.headers.append(AWSEventHeader("n\(number)", .bool(true))) }
        var frame: [UInt8] = []
        message.append(to: &frame)
        #expect(split([frame]).messages == [message])
        message.headers.append(AWSEventHeader("one more", .bool(true)))
        frame = []
        message.append(to: &frame)
        #expect(split([frame]) == Outcome(error: .headers))
    }

    @Test func `an error is repeated, and what is unfinished is counted`() {
        var frame: [UInt8] = []
        AWSEventMessage(event: "chunk", payload: Array("{}".utf8)).append(to: &frame)
        #expect(split([Array(frame.dropLast())]).pending == frame.count - 1)
        var broken = frame
        broken[frame.count - 1] ^= 1
        #expect(split([broken, frame]) == Outcome(error: .frameChecksum))
    }

    @Test func `fields are found by name`() {
        var frame: [UInt8] = []
        AWSEventMessage(exception: "throttlingException", payload: Array("{}".utf8)).append(to: &frame)
        frame.withUnsafeBytes { read in
            var splitter = AWSEventSplitter()
            var position = 0
            guard let found = try? splitter.next(in: read, at: &position) else {
                Issue.record("there is no frame")
                return
            }
            splitter.withView(of: found, in: read) { view in
                #expect(view.has(":message-type", "exception") && !view.has(":message-type", "event"))
                #expect(view.text(":exception-type").map { Array($0) } == Array("throttlingException".utf8))
                #expect(view.text(":event-type") == nil)
                #expect(Array(view.payload) == Array("{}".utf8))
            }
        }
    }
}

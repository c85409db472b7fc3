import MartletCore

/// Where the events of a stream end, so that bytes that pass are cut between two of them only.
enum EventFraming {
    /// A blank line ends an event (WHATWG HTML, "Interpreting an event stream").
    case eventStream
    /// A line feed ends a line of JSON.
    case lines
    /// Frames that say their length (`application/vnd.amazon.eventstream`); they are translated, never passed on.
    case frames

    /// The place behind the last event that is complete; `nil` when none is.
    ///
    /// - Parameters:
    ///   - bytes: Bytes that begin where an event begins.
    ///   - known: Bytes at the start in which no event is complete.
    func endOfLastEvent(in bytes: Span<UInt8>, after known: Int) -> Int? {
        var index = bytes.count - 1
        while index >= known {
            if endsEvent(bytes, at: index) { return index + 1 }
            index -= 1
        }
        return nil
    }

    /// The place behind the first event; `nil` when it is not complete.
    func endOfFirstEvent(in bytes: Span<UInt8>) -> Int? {
        for index in bytes.indices where endsEvent(bytes, at: index) { return index + 1 }
        return nil
    }

    /// Whether the byte at a place is the last of an event's ending.
    private func endsEvent(_ bytes: Span<UInt8>, at index: Int) -> Bool {
        let isLF = bytes[index] == 0x0A
        guard self == .eventStream else { return isLF && self == .lines }
        guard index > 0, isLF || bytes[index] == 0x0D else { return false }
        let last = bytes[index - 1]
        // LF LF, CR LF LF, CR CR; and CR LF CR LF, whose last LF belongs to the blank line.
        if isLF, last == 0x0A { return true }
        if !isLF { return last == 0x0D }
        return last == 0x0D && index > 2 && bytes[index - 2] == 0x0A
    }
}

extension EventFraming {
    /// The media type of a stream that is cut so.
    var media: UpstreamHead.Media {
        switch self {
        case .eventStream: .eventStream
        case .lines: .ndjson
        case .frames: .awsEvents
        }
    }
}

extension Dialect {
    /// How its streams are cut into events.
    var framing: EventFraming {
        switch self {
        case .ollamaChat, .ollamaGenerate: .lines
        case .bedrockConverse, .bedrockAnthropic, .sageMakerChat: .frames
        default: .eventStream
        }
    }
}

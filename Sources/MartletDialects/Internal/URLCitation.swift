import MartletCore
import MartletWire

/// A page on the web that a stretch of an answer's text rests on.
///
/// In the shared words citations are the member `annotations` of a text, in the shape of OpenAI's responses; chat
/// completions nest them, and count from the start of the message.
struct URLCitation: Hashable {
    /// The name of the member.
    static let name = "annotations"

    var url: String
    var title: String
    /// The stretch in characters of its text, which are Unicode scalars.
    var range: Range<Int>

    /// The member that holds citations; `nil` for none.
    static func member(_ citations: [URLCitation]) -> ExtraMember? {
        guard !citations.isEmpty else { return nil }
        var writer = JSONWriter()
        writer.array { writer in
            for citation in citations {
                writer.object { writer in
                    writer.member("type", "url_citation")
                    writer.member("start_index", citation.range.lowerBound)
                    writer.member("end_index", citation.range.upperBound)
                    writer.member("url", citation.url)
                    writer.member("title", citation.title)
                }
            }
        }
        return ExtraMember(name: name, value: JSONText(writer.bytes))
    }

    /// Writes a list of annotations in the shape of chat completions; one that has it already stays.
    ///
    /// - Parameter offset: How many characters of the message stand before the text.
    static func writeChat(_ list: JSONText, after offset: Int, to writer: inout JSONWriter) {
        guard let document = try? JSONDocument(list.bytes) else { return }
        document.withView { view in
            guard view.kind == .array else { return }
            for annotation in view.elements { writeChat(annotation, offset, to: &writer) }
        }
    }

    private static func writeChat(_ annotation: JSONView, _ offset: Int, to writer: inout JSONWriter) {
        guard annotation.member("type")?.equalsString("url_citation") == true,
            annotation.member("url_citation") == nil
        else { return writer.raw(annotation) }
        writer.object { writer in
            writer.member("type", "url_citation")
            writer.key("url_citation")
            writer.object { writer in
                for member in annotation.members where !member.key.equalsString("type") {
                    writer.key(member.key)
                    let isPlace = member.key.equalsString("start_index") || member.key.equalsString("end_index")
                    if isPlace, let place = member.value.int64(), 0...Usage.largestCount ~= place {
                        writer.integer(place + Int64(offset))
                    } else {
                        writer.raw(member.value)
                    }
                }
            }
        }
    }

    /// Writes the members of a piece of a stream, the annotations among them as chat completions have them.
    static func writeChat(delta members: [ExtraMember], to writer: inout JSONWriter) {
        for member in members {
            guard member.name == name, member.value.bytes.first == UInt8(ascii: "[") else {
                writer.member(member.name, member.value)
                continue
            }
            writer.key("annotations")
            writer.array { writeChat(member.value, after: 0, to: &$0) }
        }
    }

    /// Writes the annotations of all texts of a message; nothing where there are none.
    static func writeChat(texts: [ChatText], to writer: inout JSONWriter) {
        guard texts.contains(where: { $0.extra.value(name) != nil }) else { return }
        var offset = 0
        writer.key("annotations")
        writer.array { writer in
            for text in texts {
                if let list = text.extra.value(name) { writeChat(list, after: offset, to: &writer) }
                offset += text.text.unicodeScalars.count
            }
        }
    }
}

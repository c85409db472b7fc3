/// New bytes for a range of a document.
struct JSONEdit: Sendable {
    var range: Range<Int>
    var bytes: [UInt8]
}

/// What is to happen to the members of one object.
struct JSONObjectEdit: Sendable {
    var layout: JSONObjectLayout
    var removed: Set<Int> = []
    /// Whole members, with commas between them.
    var first: [UInt8] = []
    var last: [UInt8] = []

    /// The edits in order; those at one place are merged, so that no two touch.
    var edits: [JSONEdit] {
        let members = layout.members
        guard let firstMember = members.first, let lastMember = members.last, removed.count < members.count else {
            return [replacingAll]
        }
        var edits: [JSONEdit] = []
        // A run of removed members takes the white space and the comma before the next member along, or, at the end,
        // those after the member before it.
        var index = 0
        while index < members.count {
            guard removed.contains(index) else {
                index += 1
                continue
            }
            let start = index
            while index < members.count, removed.contains(index) { index += 1 }
            let range =
                index < members.count
                ? members[start].lowerBound..<members[index].lowerBound
                : members[start - 1].upperBound..<lastMember.upperBound
            edits.append(JSONEdit(range: range, bytes: []))
        }
        if !first.isEmpty {
            let bytes = first + [ASCII.comma]
            if edits.first?.range.lowerBound == firstMember.lowerBound {
                edits[0].bytes = bytes
            } else {
                edits.insert(JSONEdit(range: firstMember.lowerBound..<firstMember.lowerBound, bytes: bytes), at: 0)
            }
        }
        if !last.isEmpty {
            let bytes = [ASCII.comma] + last
            let end = lastMember.upperBound
            if let final = edits.last, final.range.upperBound == end, !final.range.isEmpty {
                edits[edits.count - 1].bytes = bytes
            } else {
                edits.append(JSONEdit(range: end..<end, bytes: bytes))
            }
        }
        return edits
    }

    /// The edit for an object of which no member stays.
    private var replacingAll: JSONEdit {
        var bytes = first
        if !first.isEmpty, !last.isEmpty { bytes.append(ASCII.comma) }
        bytes.append(contentsOf: last)
        let inside = layout.range.lowerBound + 1
        let start = layout.members.first?.lowerBound ?? inside
        return JSONEdit(range: start..<(layout.members.last?.upperBound ?? inside), bytes: bytes)
    }
}

/// Rows of text: aligned columns under a header on a terminal, else one tab-separated line a row.
struct Table {
    /// The names of the columns; empty for rows without a header.
    var header: [String] = []
    /// The rows, each as long as the header.
    var rows: [[String]]

    /// Lays the table out; empty when there are no rows, else ending in a newline.
    func render(isTerminal: Bool, style: Style = Style(isOn: false)) -> String {
        let cells = rows.map { $0.map(Plain.line) }
        guard !cells.isEmpty else { return "" }
        guard isTerminal else { return cells.map { $0.joined(separator: "\t") + "\n" }.joined() }
        let all = header.isEmpty ? cells : [header] + cells
        let columns = all.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            all.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        var lines = all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let isLast = column == row.count - 1
                line += cell + (isLast ? "" : String(repeating: " ", count: widths[column] - cell.count + 2))
            }
            return line
        }
        if !header.isEmpty { lines[0] = style.paint(lines[0], .bold) }
        return lines.map { $0 + "\n" }.joined()
    }
}

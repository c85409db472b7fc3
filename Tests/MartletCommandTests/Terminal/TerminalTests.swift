import Testing

@testable import MartletCommand

@Suite struct TerminalTests {
    @Test(arguments: [
        ([:], false, true, true), ([:], false, false, false), ([:], true, true, false),
        (["NO_COLOR": "1"], false, true, false), (["NO_COLOR": ""], false, true, true),
        (["TERM": "dumb"], false, true, false), (["FORCE_COLOR": "1"], false, false, true),
        (["FORCE_COLOR": "0"], false, false, false), (["FORCE_COLOR": "1", "TERM": "dumb"], false, false, true),
        (["FORCE_COLOR": "1", "NO_COLOR": "1"], false, true, false), (["FORCE_COLOR": "1"], true, true, false),
    ])
    func `colours follow flag, variables and terminal in this order`(
        environment: [String: String],
        forbidden: Bool,
        isTerminal: Bool,
        expected: Bool
    ) {
        #expect(Style(environment: environment, forbidden: forbidden, isTerminal: isTerminal).isOn == expected)
    }

    @Test func `a table is aligned on a terminal and tab-separated elsewhere`() {
        let table = Table(header: ["MODEL", "PROVIDER"], rows: [["a", "long name"], ["längeres", "x"]])
        #expect(table.render(isTerminal: true) == "MODEL     PROVIDER\na         long name\nlängeres  x\n")
        #expect(table.render(isTerminal: false) == "a\tlong name\nlängeres\tx\n")
        #expect(Table(header: ["MODEL"], rows: []).render(isTerminal: true) == "")
    }

    @Test func `a cell stays a cell and cannot steer the terminal`() {
        let table = Table(rows: [["a\tb\nc", "\u{1b}[2Jd\u{9b}1m"]])
        #expect(table.render(isTerminal: false) == "a b c\t[2Jd1m\n")
    }

    @Test func `text keeps its lines and loses its escapes`() {
        #expect(Plain.text("a\n\tb\u{1b}]0;x\u{7}\r\u{7f}c") == "a\n\tb]0;xc")
    }

    @Test(arguments: [
        (0, "0 s"), (59.9, "59 s"), (61, "1 min 1 s"), (3_660, "1 h 1 min"), (90_000, "1 d 1 h"), (-1, "unknown"),
        (.infinity, "unknown"),
    ])
    func `an uptime is told in its largest two units`(seconds: Double, expected: String) {
        #expect(StatusPage.duration(seconds) == expected)
    }
}

import Foundation
import Testing

@testable import MartletStore

@Suite("Days and timestamps") struct TimeTextTests {
    @Test("counts days as the proleptic Gregorian calendar does")
    func days() throws {
        #expect(CivilDay("1970-01-01")?.daysSinceEpoch == 0)
        #expect(CivilDay("2000-02-29")?.daysSinceEpoch == 11_016)
        #expect(CivilDay(unixMilliseconds: sampleDay).description == "2026-11-20")
        for days in stride(from: 0, to: 100_000, by: 7) {
            let day = CivilDay(daysSinceEpoch: days)
            #expect(CivilDay(day.description) == day)
        }
        for bad in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "2026-11-31", "26-11-20", "2026-11-2x", ""] {
            #expect(CivilDay(bad) == nil)
        }
    }

    @Test("parses RFC 3339 with offsets and fractions, and refuses everything else")
    func timestamps() {
        #expect(Timestamp("1970-01-01T00:00:00Z")?.unixSeconds == 0)
        #expect(Timestamp("2026-11-20T10:30:15Z")?.description == "2026-11-20T10:30:15Z")
        #expect(Timestamp("2026-11-20t12:30:15.25+02:00") == Timestamp("2026-11-20T10:30:15Z"))
        #expect(Timestamp("2026-11-20T08:30:15-02:00") == Timestamp("2026-11-20T10:30:15Z"))
        #expect(Timestamp("1969-12-31T23:59:59Z")?.unixSeconds == -1)
        #expect(Timestamp(unixSeconds: -1).description == "1969-12-31T23:59:59Z")
        for bad in [
            "2026-11-20", "2026-11-20T10:30:15", "2026-11-20T24:00:00Z", "2026-11-20T10:60:00Z",
            "2026-11-20T10:30:15.Z", "2026-11-20T10:30:15+0200", "2026-11-20T10:30:15Zjunk", "2026-11-20 10:30:15Z",
            "é026-11-20T10:30:15Z",
        ] {
            #expect(Timestamp(bad) == nil, "\(bad)")
        }
    }
}

@Suite("Data directory") struct DataDirectoryTests {
    @Test("is created with its parents for its owner only")
    func mode() throws {
        let home = try TemporaryDirectory()
        let directory = try DataDirectory(creating: home.path + "/a/b/")
        #expect(directory.path == home.path + "/a/b")
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    }

    @Test("says which directory cannot be made")
    func refused() throws {
        let home = try TemporaryDirectory()
        try Data().write(to: URL(fileURLWithPath: home.path + "/file"))
        let error = #expect(throws: StoreError.self) { try DataDirectory(creating: home.path + "/file/data") }
        #expect(error?.description.contains(home.path + "/file/data") == true)
    }
}

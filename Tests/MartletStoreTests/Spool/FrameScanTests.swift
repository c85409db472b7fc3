import MartletGovernance
import Testing

@testable import MartletStore

@Suite("Frame scan") struct FrameScanTests {
    private func frames(_ count: UInt64) -> (bytes: [UInt8], ends: [Int]) {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for number in 0..<count {
            Frame.append(sample(number), to: &bytes)
            ends.append(bytes.count)
        }
        return (bytes, ends)
    }

    @Test("reads frames up to the zeros behind them")
    func zeroTail() {
        let scan = FrameScan(frames(3).bytes + [UInt8](repeating: 0, count: 1_000))
        #expect(scan.records == (0..<3).map { sample($0) })
        #expect(scan.badRanges.isEmpty)
        #expect(scan.tornTail == nil)
    }

    @Test("cuts a last record that stops at any byte, and keeps all before it")
    func tornTail() throws {
        let (bytes, ends) = frames(4)
        for cut in (ends[2] + 1)..<ends[3] {
            for zeros in [0, 64] {
                let scan = FrameScan(Array(bytes[..<cut]) + [UInt8](repeating: 0, count: zeros))
                #expect(scan.records.count == 3)
                #expect(scan.badRanges.isEmpty)
                #expect(scan.tornTail?.lowerBound == ends[2])
            }
        }
    }

    @Test("sets one record aside when any of its bytes is flipped, and reads the rest")
    func flippedByte() {
        let (bytes, ends) = frames(4)
        for index in ends[0]..<ends[1] {
            var damaged = bytes
            damaged[index] ^= 0x55
            let scan = FrameScan(damaged)
            #expect(scan.records == [sample(0), sample(2), sample(3)])
            #expect(scan.badRanges == [ends[0]..<ends[1]])
            #expect(scan.tornTail == nil)
        }
    }

    @Test("finds records behind a hole of zeros")
    func hole() {
        let (bytes, ends) = frames(4)
        var damaged = bytes
        for index in ends[0]..<ends[2] { damaged[index] = 0 }
        let scan = FrameScan(damaged)
        #expect(scan.records == [sample(0), sample(3)])
        #expect(scan.badRanges == [ends[0]..<ends[2]])
    }

    @Test("sets aside a whole frame of another version")
    func otherVersion() {
        var payload: [UInt8] = []
        Frame.append(sample(1), to: &payload)
        payload[Frame.headerBytes] = 9
        let crc = CRC32C.checksum(payload.span.extracting(6..<payload.count))
        for index in 0..<4 { payload[2 + index] = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(index))) }
        let scan = FrameScan(payload + frames(1).bytes)
        #expect(scan.records == [sample(0)])
        #expect(scan.badRanges == [0..<payload.count])
    }
}

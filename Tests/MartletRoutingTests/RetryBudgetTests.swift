import MartletRouting
import Testing

@Suite("Retry budget") struct RetryBudgetTests {
    private func taken(_ budget: inout RetryBudget, at second: Int64, of wanted: Int = 1_000) -> Int {
        (0..<wanted).count { _ in budget.takeRetry(second: second) }
    }

    @Test("an idle target may be asked again three times a second")
    func floor() {
        var budget = RetryBudget()
        #expect(taken(&budget, at: 100) == 3)
        #expect(taken(&budget, at: 100) == 0)
        #expect(taken(&budget, at: 101) == 3)
    }

    @Test("a busy one a fifth of its requests of the last ten seconds")
    func share() {
        var budget = RetryBudget()
        for second in 0..<10 { for _ in 0..<10 { budget.countRequest(second: Int64(50 + second)) } }
        #expect(taken(&budget, at: 59) == 20)
        #expect(taken(&budget, at: 60) == 3, "what was taken still counts; the floor is left")
    }

    @Test("requests older than ten seconds do not count, whatever the step")
    func forgets() {
        for step in [10, 11, 1_000_000] as [Int64] {
            var budget = RetryBudget()
            for _ in 0..<1_000 { budget.countRequest(second: 5) }
            #expect(taken(&budget, at: 5 + step) == 3)
        }
        var budget = RetryBudget()
        for _ in 0..<1_000 { budget.countRequest(second: 5) }
        #expect(taken(&budget, at: 14) == 200)
    }

    @Test("a clock that stands or steps back is taken for the latest second")
    func backwards() {
        var budget = RetryBudget()
        #expect(taken(&budget, at: 10) == 3)
        #expect(taken(&budget, at: 9) == 0)
        #expect(taken(&budget, at: -1) == 0)
    }
}

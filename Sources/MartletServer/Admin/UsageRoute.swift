import Hummingbird
import MartletCore
import MartletStore

/// `GET /admin/usage`: sums over ended requests.
struct UsageRoute: Sendable {
    /// Days of an answer when the caller names none, today included.
    static let defaultDays = 30

    let ledger: UsageLedger
    /// Milliseconds since 1970.
    let wallClock: @Sendable () -> UInt64

    /// Answers with every record whose response ended before the call.
    func report(_ request: Request, _ context: ControlContext) async throws -> Response {
        let query = try Self.query(context.query, today: CivilDay(unixMilliseconds: wallClock()))
        return .json(try await ledger.report(query).json)
    }

    /// Reads `from`, `to` (UTC days, both included) and `group_by`.
    ///
    /// A range that names only its end begins so many days earlier that it has the default length.
    ///
    /// - Throws: `invalidValue` that names the parameter.
    static func query(_ text: String?, today: CivilDay) throws(GatewayError) -> UsageQuery {
        let parameters = try QueryParameters(text, names: ["from", "to", "group_by"])
        let to = try day("to", parameters) ?? today
        let from = try day("from", parameters) ?? to.advanced(by: 1 - defaultDays)
        guard from <= to else {
            let text = parameters["to"] == nil ? "from is later than today (\(today))." : "from is later than to."
            throw GatewayError(.invalidValue, text, param: "from")
        }
        guard let names = parameters["group_by"] else { return UsageQuery(from: from, to: to) }
        guard let dimensions = UsageQuery.dimensions(names) else {
            let known = UsageQuery.Dimension.allCases.map(\.rawValue).joined(separator: ", ")
            throw GatewayError(
                .invalidValue,
                "group_by is a comma-separated list of different names out of: \(known).",
                param: "group_by"
            )
        }
        return UsageQuery(from: from, to: to, groupBy: dimensions)
    }

    private static func day(_ name: String, _ parameters: QueryParameters) throws(GatewayError) -> CivilDay? {
        guard let text = parameters[name] else { return nil }
        guard let day = CivilDay(text) else {
            throw GatewayError(.invalidValue, "\(name) must be a day like 2026-11-20.", param: name)
        }
        return day
    }
}

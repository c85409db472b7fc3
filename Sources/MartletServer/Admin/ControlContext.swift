import Hummingbird
import Logging
import MartletExchange
import MartletGovernance

/// What the control plane's routes know of a request beside head and body.
struct ControlContext: RequestContext {
    typealias Source = ControlSource

    var coreContext: CoreRequestContextStorage
    /// Who asks; holds the admin scope.
    let principal: Principal
    /// The query without `?`, as sent.
    let query: String?
    /// The media type of the body, as sent.
    let contentType: String?

    init(source: ControlSource) {
        coreContext = CoreRequestContextStorage(source: source)
        principal = source.principal
        query = source.query
        contentType = source.contentType
    }
}

/// Where a `ControlContext` comes from.
struct ControlSource: RequestContextSource {
    let logger: Logger
    let principal: Principal
    let query: String?
    let contentType: String?

    init(_ request: ControlRequest, logger: Logger) {
        self.logger = logger
        principal = request.principal
        query = request.query
        contentType = request.contentType
    }
}

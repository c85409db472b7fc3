import HTTPTypes
import Hummingbird
import Logging
import MartletCore
import MartletExchange
import MartletStore

/// Turns everything that routes throw into the gateway's own error body.
struct AdminErrors: RouterMiddleware {
    typealias Context = ControlContext

    func handle(
        _ request: Request,
        context: ControlContext,
        next: @concurrent (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return Self.response(Self.gatewayError(error, logger: context.logger))
        }
    }

    /// The error as callers see it; what went wrong inside goes to the log.
    static func gatewayError(_ error: any Error, logger: Logger) -> GatewayError {
        switch error {
        case let error as GatewayError: return error
        case let error as HTTPError where error.status == .notFound:
            return GatewayError(.notFound, "There is no such path under /admin.")
        case let error as HTTPError where error.status.kind == .clientError:
            return GatewayError(.badRequest, error.body ?? "The request cannot be read.")
        case let error as StoreError:
            logger.error("the control plane cannot use the store", metadata: ["error": "\(error)"])
            return GatewayError(.dependencyUnavailable, "The store cannot be used at the moment.", retryAfterSeconds: 5)
        default:
            // The kind only: what an error says may hold values of the request.
            logger.error("a control-plane request failed", metadata: ["error": "\(type(of: error))"])
            return GatewayError(.internalError, "The request failed inside the gateway.")
        }
    }

    private static func response(_ error: GatewayError) -> Response {
        let rendered = ErrorBody.render(error, surface: .openAI, requestID: "")
        var headers: HTTPFields = [.contentType: "application/json"]
        if let allow = error.allow { headers[.allow] = allow }
        return Response(
            status: HTTPResponse.Status(code: rendered.status),
            headers: headers,
            body: ResponseBody(byteBuffer: rendered.body)
        )
    }
}

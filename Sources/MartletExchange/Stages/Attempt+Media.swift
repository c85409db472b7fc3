import MartletCore
import MartletRouting

/// Pictures and documents by address, for targets that take only bytes.
extension Exchange {
    /// How long all of them may take.
    private static let mediaLimit = Duration.seconds(20)
    /// The most addresses of one request.
    private static let mostAddresses = 16

    /// Asks for what stands at some addresses.
    ///
    /// - Throws: `url_not_allowed` where nothing may be fetched.
    mutating func fetch(
        _ items: [MediaRequest.Item],
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) throws(GatewayError) {
        func refusal(_ item: MediaRequest.Item?, _ words: String) -> GatewayError {
            GatewayError(.urlNotAllowed, words, param: item?.path)
        }
        guard snapshot.media.isFetched else {
            throw refusal(
                items.first,
                "This model takes data in place of an address: send a data: URL, or set gateway.fetch_media = true."
            )
        }
        guard privacy == .open else {
            throw refusal(
                items.first,
                "This request may not leave this device, so that no address of it is fetched; send a data: URL."
            )
        }
        guard items.count <= Self.mostAddresses else {
            throw refusal(
                items[Self.mostAddresses],
                "A request may have at most \(Self.mostAddresses) addresses that must be fetched."
            )
        }
        let request = MediaRequest(items: items, allowedHosts: snapshot.media.hosts)
        ask(.fetchMedia(request), within: Self.mediaLimit, &env, &actions)
    }

    /// Goes on with what was fetched.
    mutating func mediaFetched(
        _ media: MediaAnswer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        switch media {
        case .failed(let error): cannotCarry(error, &env, &actions)
        case .fetched(let data):
            let count = data.values.reduce(0) { $0 + $1.utf8.count }
            body.hold(count)
            guard env.holdBytes(count) else {
                let error = GatewayError(.overloaded, "The gateway is short of memory.", retryAfterSeconds: 1)
                return fail(with: error, &env, &actions)
            }
            typedRequest?.value.replaceAddresses(data)
            call?.hasFetchedMedia = true
            beginAttempt(&env, &actions)
        }
    }
}

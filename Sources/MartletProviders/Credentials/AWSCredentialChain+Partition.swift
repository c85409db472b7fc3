public import MartletCore

extension AWSCredentialChain {
    /// The domain that the hosts of a region's services end with.
    ///
    /// Source: the partitions of botocore (`data/partitions.json`, read November 2026).
    public static func domain(of region: String) -> String {
        partitions.first { region.hasPrefix($0.prefix) }?.domain ?? "amazonaws.com"
    }

    private static let partitions: [(prefix: String, domain: String)] = [
        ("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"), ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"), ("us-isof-", "csp.hci.ic.gov"), ("eu-isoe-", "cloud.adc-e.uk"),
    ]
}

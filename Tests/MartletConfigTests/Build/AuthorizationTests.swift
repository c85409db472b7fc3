import MartletCore
import MartletProviders
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("How accounts authorize their requests") struct AuthorizationTests {
    /// Types of providers as presets declare them.
    private static let catalog: ProviderCatalog = {
        var aws = ProviderDescriptor(kind: ProviderKind("cloud_a"), title: "A")
        aws.baseURL = "https://a.{region}.example.com"
        aws.credential = .required
        aws.credentialVariables = ["A_TOKEN"]
        aws.chainVariables = ["AWS_ACCESS_KEY_ID"]
        aws.scheme = .awsSigV4(service: "signs")
        var google = ProviderDescriptor(kind: ProviderKind("cloud_g"), title: "G")
        google.baseURL = "https://g.example.com/v1"
        google.credential = .required
        google.credentialVariables = ["G_PATH"]
        google.scheme = .google(scope: "https://scope.example.com/all")
        var azure = ProviderDescriptor(kind: ProviderKind("cloud_e"), title: "E")
        azure.baseURL = "https://e.example.com"
        azure.credential = .required
        azure.credentialVariables = ["E_KEY"]
        azure.authHeader = "api-key"
        azure.authPrefix = ""
        azure.scheme = .entra(scope: "https://e.example.com/.default")
        return ProviderCatalog(providers: [aws, google, azure], unavailable: [])
    }()

    @Test(
        "hosts of AWS end as those of their partition do",
        arguments: [
            ("eu-west-1", "amazonaws.com"), ("us-gov-west-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn"),
        ]
    )
    func partitions(region: String, domain: String) throws {
        let environment = Self.awsKeys.merging(["AWS_REGION": region]) { $1 }
        for (account, host) in [("aws_bedrock", "bedrock-runtime"), ("aws_sagemaker", "runtime.sagemaker")] {
            let text = "[gateway.providers.\(account)]\ntimeout_s = 9\n"
            let outcome = Given(text, environment: environment).build()
            let target = outcome.snapshot?.accounts[AccountName(account)]?.makeTarget("m")
            #expect(target?.endpoint.host == "\(host).\(region).\(domain)", "\(outcome.diagnostics)")
        }
    }

    @Test("a region that only the credentials file has counts, and the configuration file's below it")
    func regions() throws {
        var given = Given("[gateway.providers.aws_bedrock]\nprofile = \"my prof\"\n", environment: ["HOME": "/h"])
        given.files["/h/.aws/credentials"] = "[my prof]\nregion = eu-west-3\n"
        given.files["/h/.aws/config"] = "[profile \"my prof\"]\nregion = eu-west-1\n"
        let target = given.build().snapshot?.accounts[AccountName("aws_bedrock")]?.makeTarget("m")
        #expect(target?.endpoint.host == "bedrock-runtime.eu-west-3.amazonaws.com")
    }

    private static let awsKeys = [
        "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "shh", "AWS_SESSION_TOKEN": "tok",
    ]
    private static let serviceAccount =
        #"{"type":"service_account","client_email":"a@b","private_key":"PEM","private_key_id":"k1"}"#

    private func outcome(_ toml: String, _ environment: [String: String]) -> SnapshotBuilder.Outcome {
        var given = Given(toml, environment: environment)
        given.files["/keys/sa.json"] = Self.serviceAccount
        given.files["/home/u/.aws/config"] = "[profile dev]\nregion = ap-south-1\n"
        return SnapshotBuilder.build(given.load(), registry: .empty, catalog: Self.catalog)
    }

    private func target(_ account: String, _ toml: String = "", _ environment: [String: String]) throws -> Target {
        let outcome = outcome(toml, environment)
        #expect(!outcome.diagnostics.hasErrors, "\(outcome.diagnostics)")
        return try #require(outcome.snapshot?.accounts[AccountName(account)]).makeTarget("m")
    }

    // MARK: AWS

    @Test("keys in the environment turn an account on; its requests are signed for its region and service")
    func awsEnvironment() throws {
        let target = try target("cloud_a", "", Self.awsKeys.merging(["AWS_REGION": "eu-west-1"]) { $1 })
        #expect(target.endpoint.host == "a.eu-west-1.example.com")
        let authorization = try #require(target.authorization)
        #expect(authorization.form == .awsV4(region: "eu-west-1", service: "signs"))
        guard case .aws(let chain)? = authorization.source else {
            Issue.record("no AWS source")
            return
        }
        #expect(chain.fixed?.accessKeyID == "AKID" && chain.fixed?.sessionToken?.reveal() == "tok")
        #expect(target.headers.isEmpty)
    }

    @Test("a bearer token comes before the chain, and is a field like any other")
    func awsToken() throws {
        let variables = Self.awsKeys.merging(["AWS_REGION": "eu-west-1", "A_TOKEN": "bearer-token-1"]) { $1 }
        let target = try target("cloud_a", "", variables)
        #expect(target.authorization == nil)
        #expect(target.headers == [HeaderField(name: "authorization", value: "Bearer bearer-token-1")])
    }

    @Test("the account's region and profile come before the environment's, whose keys a named profile leaves aside")
    func awsAccount() throws {
        let toml = "[gateway.providers.cloud_a]\nprofile = \"dev\"\n"
        let variables = Self.awsKeys.merging(["HOME": "/home/u"]) { $1 }
        let byProfile = try #require(try target("cloud_a", toml, variables).authorization)
        #expect(byProfile.form == .awsV4(region: "ap-south-1", service: "signs"))
        guard case .aws(let chain)? = byProfile.source else {
            Issue.record("no AWS source")
            return
        }
        #expect(chain.fixed == nil && chain.profile == "dev" && chain.credentialsFile == "/home/u/.aws/credentials")
        let own = try #require(
            try target("cloud_a", toml + "region = \"env::R\"\n", ["R": "us-gov-east-1", "HOME": "/home/u"])
                .authorization
        )
        #expect(own.form == .awsV4(region: "us-gov-east-1", service: "signs"))
    }

    @Test("keys of the account may stand elsewhere")
    func awsOwnKeys() throws {
        let toml = """
            [gateway.providers.cloud_a]
            region = "us-east-1"
            access_key_id = "env::ID"
            secret_access_key = "env::SECRET"
            """
        let authorization = try #require(try target("cloud_a", toml, ["ID": "AK2", "SECRET": "s2"]).authorization)
        guard case .aws(let chain)? = authorization.source else {
            Issue.record("no AWS source")
            return
        }
        #expect(chain.fixed == AWSKeys(accessKeyID: "AK2", secretAccessKey: Secret("s2")))
        #expect(chain.metadataURL == nil && chain.container == nil)
    }

    @Test("without a region the account is off, and a region that could be another host is refused")
    func awsRegion() {
        let off = outcome("[gateway.providers.cloud_a]\nenabled = true\n", Self.awsKeys)
        #expect(off.accounts.first?.offReason?.contains("has no region") == true && !off.diagnostics.hasErrors)
        let evil = outcome("[gateway.providers.cloud_a]\nregion = \"x.evil.example.com/\"\n", Self.awsKeys)
        #expect(evil.diagnostics.hasErrors)
    }

    // MARK: Google

    @Test("a file of credentials is found by the type's variable, by its location, or as the application default")
    func google() throws {
        let scope = "https://scope.example.com/all"
        for (toml, variables, place) in [
            ("", ["G_PATH": "/keys/sa.json"], GoogleCredentialSource.Place.file("/keys/sa.json")),
            ("credential_location = \"file::/keys/sa.json\"", [:], .file("/keys/sa.json")),
            ("credential_location = \"env::SA\"", ["SA": Self.serviceAccount], .content(Secret(Self.serviceAccount))),
            ("credential_location = \"sdk\"", ["GOOGLE_APPLICATION_CREDENTIALS": "/k"], .file("/k")),
            (
                "credential_location = \"sdk\"", ["HOME": "/h"],
                .discovered(
                    files: ["/h/.config/gcloud/application_default_credentials.json"],
                    metadataURL: "http://metadata.google.internal"
                )
            ),
        ] {
            let table = toml.isEmpty ? "" : "[gateway.providers.cloud_g]\n\(toml)\n"
            let authorization = try #require(try target("cloud_g", table, variables).authorization)
            #expect(authorization.source == .google(GoogleCredentialSource(place, scope: scope)))
            #expect(authorization.form == .field(name: "authorization", prefix: "Bearer "))
        }
    }

    @Test("a file that is no credential turns the account off, and says so")
    func googleNonsense() {
        let outcome = outcome(
            "[gateway.providers.cloud_g]\ncredential_location = \"env::SA\"\n",
            ["SA": "sk-123456789012"]
        )
        #expect(outcome.accounts.first?.offReason?.contains("is not JSON") == true)
        #expect(!"\(outcome)".contains("sk-1234"))
    }

    // MARK: Entra

    @Test("a key stands in its field; without one the environment's application gets tokens")
    func entra() throws {
        let key = try target("cloud_e", "", ["E_KEY": "key-0123456789"])
        #expect(key.authorization == nil && key.headers == [HeaderField(name: "api-key", value: "key-0123456789")])
        let token = try target("cloud_e", "[gateway.providers.cloud_e]\n", ["AZURE_OPENAI_AD_TOKEN": "eyJ.token"])
        #expect(token.headers == [HeaderField(name: "authorization", value: "Bearer eyJ.token")])
        let variables = ["AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"]
        let toml = "[gateway.providers.cloud_e]\n"
        let authorization = try #require(try target("cloud_e", toml, variables).authorization)
        let client = EntraClient(
            tenant: "t",
            clientID: "c",
            secret: Secret("s"),
            scope: "https://e.example.com/.default",
            authority: "https://login.microsoftonline.com"
        )
        #expect(authorization.source == .entra(client))
        #expect(authorization.form == .field(name: "authorization", prefix: "Bearer "))
    }

    // MARK: Callers

    @Test("callers may send a credential where the operator says so, with or without another one behind it")
    func dynamic() throws {
        let only = "[gateway.providers.cloud_e]\napi_key_location = \"dynamic::mine\"\n"
        let alone = try #require(try target("cloud_e", only, [:]).authorization)
        #expect(alone.caller?.key == "mine" && alone.source == nil && !alone.isOptional)
        #expect(alone.caller?.form == .field(name: "api-key", prefix: ""))

        let both =
            "[gateway.providers.cloud_e]\napi_key_location = { default = \"dynamic::mine\", fallback = \"env::K\" }\n"
        let fixed = try target("cloud_e", both, ["K": "key-0123456789"])
        #expect(fixed.authorization?.isOptional == true && fixed.headers.map(\.value) == ["key-0123456789"])

        let chain =
            "[gateway.providers.cloud_a]\nregion = \"r-1\"\n"
            + "api_key_location = { default = \"dynamic::mine\", fallback = \"sdk\" }\n"
        let signed = try #require(try target("cloud_a", chain, [:]).authorization)
        #expect(signed.caller?.form == .field(name: "authorization", prefix: "Bearer "))
        #expect(signed.form == .awsV4(region: "r-1", service: "signs") && signed.source != nil)
    }

    @Test("an account may authenticate in a way that is not its type's: clouds serve other makers' formats, too")
    func ownWay() throws {
        let toml = "[gateway.providers.cloud_e]\nauth = \"aws_sigv4\"\nauth_service = \"mantle\"\nregion = \"r-1\"\n"
        let signed = try target("cloud_e", toml, Self.awsKeys.merging(["E_KEY": "key-0123456789"]) { $1 })
        #expect(signed.authorization?.form == .awsV4(region: "r-1", service: "mantle") && signed.headers.isEmpty)
        for wrong in [
            "auth = \"aws_sigv4\"", "auth = \"google\"\nauth_service = \"x\"", "auth_scope = \"x\"", "auth = \"none\"",
        ] {
            let outcome = outcome("[gateway.providers.cloud_e]\nregion = \"r-1\"\n\(wrong)\n", Self.awsKeys)
            #expect(outcome.diagnostics.hasErrors, "\(wrong)")
        }
    }

    @Test("what the gateway writes itself is no header of the account's")
    func conflict() {
        let toml = "[gateway.providers.cloud_a]\nregion = \"r-1\"\nheaders = { Authorization = \"mine\" }\n"
        #expect(outcome(toml, Self.awsKeys).diagnostics.hasErrors)
    }
}

import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Ollama's pages") struct OllamaPagesTests {
    private func post(_ path: String, _ body: String, targets: [Target] = [.sample("one")]) -> Driver {
        Driver(Setup(targets: targets), head: .chat { $0.path = path }).send(body)
    }

    @Test("who asks whether a server runs, and which version, needs no key", arguments: ["/", "/api/version"])
    func open(path: String) {
        for method in [ClientHead.Method.get, .head] {
            let head = ClientHead(method: method, path: path)
            head.host = "localhost:8004"
            let driver = Driver(head: head).begin()
            #expect(driver.response?.status == 200)
            #expect(driver.outcome?.isInference == false)
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("lists of models need a key, and say so in Ollama's shape", arguments: ["/api/tags", "/api/ps"])
    func lists(path: String) {
        let without = Driver(head: .get(path)).begin()
        #expect(without.response?.status == 401)
        #expect(without.bodyText.hasPrefix("{\"error\":\""))
        let with = Driver(head: .get(path) { $0.authorization = "Bearer sk-mt-key" }).begin()
        #expect(with.response?.status == 200)
        #expect(with.bodyText == "{\"models\":[]}")
    }

    @Test("a model is shown by its name, by the old member too, and with the tag that clients add")
    func show() {
        for body in [#"{"model":"gpt-test"}"#, #"{"name":"gpt-test"}"#, #"{"model":"gpt-test:latest"}"#] {
            let driver = post("/api/show", body)
            #expect(driver.response?.status == 200)
            #expect(driver.bodyText.contains("\"capabilities\":[\"completion\""))
            #expect(driver.legs.isEmpty && driver.outcome?.record == nil)
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
        #expect(post("/api/show", #"{"model":"nothing"}"#).response?.status == 404)
        for body in ["", "{}", "[", #"{"model":1}"#] {
            let driver = post("/api/show", body)
            #expect(driver.response?.status == 400, "\(body)")
            #expect(driver.bodyText.hasPrefix("{\"error\":\""))
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("a request without a prompt loads a model, and a keep_alive of nothing unloads it: no model is asked")
    func load() {
        let load = post("/api/generate", #"{"model":"gpt-test"}"#)
        #expect(load.response?.status == 200 && load.legs.isEmpty)
        #expect(load.bodyText.contains("\"done_reason\":\"load\"") && load.bodyText.contains("\"response\":\"\""))
        let unload = post("/api/chat", #"{"model":"gpt-test","messages":[],"keep_alive":0}"#)
        #expect(unload.bodyText.contains("\"done_reason\":\"unload\"") && unload.legs.isEmpty)
        #expect(post("/api/generate", #"{"model":"nothing"}"#).response?.status == 404)
        for driver in [load, unload] { #expect(driver.problems.isEmpty, "\(driver.report)") }
    }

    @Test("a name with the tag latest means the one without it, unless it exists itself or belongs to an Ollama")
    func latest() {
        let body = #"{"model":"gpt-test:latest","messages":[{"role":"user","content":"x"}],"stream":false}"#
        #expect(post("/api/chat", body).accounts == ["one"])
        let exact = Setup(models: ["gpt-test:latest": [.sample("exact")]])
        let driver = Driver(exact, head: .chat { $0.path = "/api/chat" }).send(body)
        #expect(driver.accounts == ["exact"])
        let openAI = Driver(Setup(), head: .chat()).send(Chat.body(model: "gpt-test:latest"))
        #expect(openAI.response?.status == 404, "other surfaces know no tags")
    }
}

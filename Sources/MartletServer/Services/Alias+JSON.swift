import MartletCore
import MartletRouting
import MartletWire

extension Alias {
    /// Writes what the configuration says of it: its strategy and what it stands for, by name.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("strategy", strategy.name)
        writer.key("sticky")
        writer.bool(isSticky)
        writer.key("configured")
        writer.bool(isConfigured)
        switch expected {
        case .equal: break
        case .request: writer.member("expected_tokens", "request")
        case .fixed(let input, let output):
            writer.key("expected_tokens")
            writer.object { writer in
                writer.key("input")
                writer.integer(input)
                writer.key("output")
                writer.integer(output)
            }
        }
        writer.key("targets")
        writer.array { writer in
            for member in members {
                writer.object { writer in
                    writer.member("model", member.name)
                    if member.weight != 1 {
                        writer.key("weight")
                        if let whole = Int64(exactly: member.weight) {
                            writer.integer(whole)
                        } else {
                            writer.double(member.weight)
                        }
                    }
                }
            }
            for name in absent {
                writer.object { writer in
                    writer.member("model", name)
                    writer.member("state", "off")
                }
            }
        }
        writer.endObject()
    }
}

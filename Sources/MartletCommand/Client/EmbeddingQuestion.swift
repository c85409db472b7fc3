import MartletWire

/// One text to turn into a vector.
struct EmbeddingQuestion: Hashable {
    /// The model's name, or an alias.
    var model: String
    /// The text.
    var text: String
    /// The length of the vector; `nil` leaves it to the model.
    var dimensions: Int?

    /// The body of the request to `/embeddings`.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("model", model)
            writer.member("input", text)
            if let dimensions {
                writer.key("dimensions")
                writer.integer(dimensions)
            }
        }
        return writer.bytes
    }
}

/// The vector of one text.
struct EmbeddingAnswer: Hashable {
    /// How many numbers it has.
    var dimensions: Int
    /// The numbers as they were written.
    var numbers: [String]

    /// Reads an answer.
    ///
    /// - Throws: A failure when the body holds no vector of numbers.
    init(_ body: [UInt8]) throws(CommandFailure) {
        let numbers: [String]? = (try? JSONDocument(body))?
            .withView { view -> [String]? in
                guard let vector = view.member("data")?.elements.first(where: { _ in true })?.member("embedding"),
                    vector.kind == .array
                else {
                    return nil
                }
                var numbers: [String] = []
                for element in vector.elements {
                    guard element.kind == .number else { return nil }
                    numbers.append(String(decoding: element.rawBytes, as: UTF8.self))
                }
                return numbers
            }
        guard let numbers else {
            throw CommandFailure(.failed, "the answer holds no vector; is this a gateway?")
        }
        self.numbers = numbers
        dimensions = numbers.count
    }

    /// What is printed: a line with the number of dimensions, then the vector as one line of JSON.
    var text: String { "dimensions: \(dimensions)\n[\(numbers.joined(separator: ", "))]" }
}

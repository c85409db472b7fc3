/// A value that lives in a box of its own, so that what holds it stays small; copies are made when they are written to.
///
/// For the large parts of a request that most requests do not have: every exchange would carry their room about.
struct Boxed<Value> {
    private final class Storage {
        var value: Value

        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    init(_ value: Value) { storage = Storage(value) }

    var value: Value {
        get { storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }
}

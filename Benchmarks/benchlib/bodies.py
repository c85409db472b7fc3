"""Request bodies of exact sizes, the same in every run."""

import json

_SENTENCES = (
    "The build on the second machine stops after the linker step, and the log names a symbol that I cannot find.",
    "Please keep the public names as they are; two other teams call them.",
    "Here is the function as it stands now:\n\n    let total = rows.reduce(0) { $0 + $1.amount }\n",
    'It should print "done" once, but it prints it for each retry.',
    "I tried a larger buffer, a longer timeout and a second connection; only the last one helped.",
    "Explain the reason first, then show the smallest change that fixes it.",
)


def chat_body(size, model, **members):
    """A chat request of exactly `size` bytes, in the order of the OpenAI SDK: messages first, then the short members.

    Large bodies are conversations of messages of about 2 KB: mostly long ASCII strings with a few escapes.
    """
    body = {"messages": [{"role": "system", "content": "You are a careful engineer."}], "model": model, **members}
    roles, used, turn = ("user", "assistant"), len(encode(body)), 0
    while True:
        message = {"role": roles[turn % 2], "content": ""}
        frame = len(encode(message)) + 1
        room = size - used - frame
        # The last message takes what is left, so that none is too small to hold its own frame.
        budget = room if room < 4200 else 2048
        message["content"] = _text(budget, turn)
        body["messages"].append(message)
        used += frame + budget
        turn += 1
        if used >= size:
            break
    data = encode(body)
    if len(data) != size:
        raise ValueError(f"a body of {size} bytes became {len(data)}")
    return data


def encode(value):
    """Compact JSON, as the SDKs send it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _text(length, turn):
    """Text that takes exactly `length` bytes inside a JSON string."""
    parts, left, index = [], length, turn
    while True:
        sentence = _SENTENCES[index % len(_SENTENCES)] + " "
        cost = len(encode(sentence)) - 2
        if cost > left:
            return "".join(parts) + "x" * left
        parts.append(sentence)
        left -= cost
        index += 1

"""What the scripted Bedrock answers: messages of Converse, whole or as events, with usage that can be counted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from anthropic_rules import REDACTED, signature_of
from bedrock_rules import schema_of
from scripted_upstream import example_of

CACHED = {"read": 2048, "write": 100}
REASONS = {"window": "model_context_window_exceeded", "guarded": "guardrail_intervened", "filtered": "content_filtered"}
TRACE = {"guardrail": {"modelOutput": ["It was changed."]}}


@dataclass
class Answer:
    """What the model says, and why it stops."""

    content: list[dict]
    input_tokens: int
    stop_reason: str = "end_turn"
    stop_text: str | None = None
    cache: dict = field(default_factory=lambda: {"read": 0, "write": 0})

    @classmethod
    def to(cls, script: str, body: dict) -> Answer:
        words = sum(len(text.split()) for text in _texts(body))
        answer = cls([], words, REASONS.get(script, "end_turn"))
        if script == "cached":
            answer.cache = CACHED
        more = body.get("additionalModelRequestFields", {})
        if script == "thinker" or more.get("thinking", {}).get("type") in ("enabled", "adaptive"):
            thought = f"I think about: {_last_text(body)}"
            reasoning = {"text": thought, "signature": signature_of(thought)}
            answer.content.append({"reasoningContent": {"reasoningText": reasoning}})
        if script == "redacted":
            answer.content.append({"reasoningContent": {"redactedContent": REDACTED}})
        answer._say(script, body, more)
        return answer

    def _say(self, script: str, body: dict, more: dict) -> None:
        results = [block["toolResult"] for block in body["messages"][-1]["content"] if "toolResult" in block]
        config = body.get("toolConfig", {})
        told = body.get("system", []) + body["messages"][-1]["content"]
        forbidden = any("Do not call any tool" in block.get("text", "") for block in told)
        tools = [tool["toolSpec"] for tool in config.get("tools", []) if "toolSpec" in tool]
        if tools and not results and not forbidden:
            return self._call(script, tools, config.get("toolChoice", {}), more)
        if results:
            text = "The tools said: " + " | ".join(_result_text(result) for result in results)
        elif schema := schema_of(body):
            text = json.dumps(example_of(schema))
        else:
            text = f"You said: {_last_text(body)}"
        inference = body.get("inferenceConfig", {})
        for stop in inference.get("stopSequences", []):
            if stop in text:
                text, self.stop_reason, self.stop_text = text[: text.index(stop)], "stop_sequence", stop
        words = _pieces(text)
        if len(words) > inference.get("maxTokens", 10_000):
            text, self.stop_reason = "".join(words[: inference["maxTokens"]]), "max_tokens"
        self.content.append({"text": text})

    def _call(self, script: str, tools: list[dict], choice: dict, more: dict) -> None:
        named = choice.get("tool", {}).get("name") or more.get("tool_choice", {}).get("name")
        alone = more.get("tool_choice", {}).get("disable_parallel_tool_use")
        chosen = [tool for tool in tools if named in (None, tool["name"])]
        if script == "parallel":
            self.content.append({"text": "Looking."})
        if script != "parallel" or alone:
            chosen = chosen[:1]
        for number, tool in enumerate(chosen):
            value = {} if script == "bare" else example_of(tool["inputSchema"]["json"])
            call = {"toolUseId": f"tooluse_{number}", "name": tool["name"], "input": value}
            self.content.append({"toolUse": call})
        self.stop_reason = "tool_use"

    @property
    def usage(self) -> dict:
        out = 0
        for block in self.content:
            out += len(block.get("text", "").split())
            out += len(block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "").split())
            if "toolUse" in block:
                out += len(json.dumps(block["toolUse"]["input"]).split())
        total = self.input_tokens + self.cache["read"] + self.cache["write"] + out
        return {
            "inputTokens": self.input_tokens,
            "outputTokens": out,
            "totalTokens": total,
            "cacheReadInputTokens": self.cache["read"],
            "cacheWriteInputTokens": self.cache["write"],
        }

    def _fields(self, body: dict) -> dict:
        asked = "/stop_sequence" in body.get("additionalModelResponseFieldPaths", [])
        return {"additionalModelResponseFields": {"stop_sequence": self.stop_text}} if asked and self.stop_text else {}

    def whole(self, body: dict) -> dict:
        answer = {
            "output": {"message": {"role": "assistant", "content": self.content}},
            "stopReason": self.stop_reason,
            "usage": self.usage,
            "metrics": {"latencyMs": 12},
        } | self._fields(body)
        return answer | ({"trace": TRACE} if self.stop_reason == "guardrail_intervened" else {})

    def events(self, body: dict) -> list[tuple[str, dict]]:
        """The events of the answer; texts and reasoning have none that begins them."""
        events: list[tuple[str, dict]] = [("messageStart", {"role": "assistant", "p": "abcdef"})]
        for index, block in enumerate(self.content):
            place = {"contentBlockIndex": index}
            if "toolUse" in block:
                call = {name: block["toolUse"][name] for name in ("toolUseId", "name")}
                events.append(("contentBlockStart", place | {"start": {"toolUse": call}}))
            for number, delta in enumerate(_deltas(block)):
                events.append(("contentBlockDelta", place | {"delta": delta, "p": "abcdefghijklmnop"[: number % 16]}))
            events.append(("contentBlockStop", place))
        events.append(("messageStop", {"stopReason": self.stop_reason} | self._fields(body)))
        last = {"usage": self.usage, "metrics": {"latencyMs": 12}}
        return [*events, ("metadata", last | ({"trace": TRACE} if self.stop_reason == "guardrail_intervened" else {}))]


def _deltas(block: dict) -> list[dict]:
    if "text" in block:
        return [{"text": piece} for piece in _pieces(block["text"])]
    if "toolUse" in block:
        text = json.dumps(block["toolUse"]["input"]) if block["toolUse"]["input"] else ""
        return [{"toolUse": {"input": text[start : start + 7]}} for start in range(0, len(text), 7)]
    reasoning = block["reasoningContent"]
    if "redactedContent" in reasoning:
        return [{"reasoningContent": reasoning}]
    text = reasoning["reasoningText"]
    pieces = [{"reasoningContent": {"text": piece}} for piece in _pieces(text["text"])]
    return [*pieces, {"reasoningContent": {"signature": text["signature"]}}]


def _pieces(text: str) -> list[str]:
    return [piece for piece in text.replace(" ", " \0").split("\0") if piece]


def _texts(body: dict) -> list[str]:
    blocks = [*body.get("system", []), *(block for message in body["messages"] for block in message["content"])]
    return [block["text"] for block in blocks if "text" in block]


def _last_text(body: dict) -> str:
    texts = [block["text"] for block in body["messages"][-1]["content"] if "text" in block]
    # What the gateway adds for a model that must call nothing is obeyed, not answered.
    return " ".join(text for text in texts if not text.startswith("Do not call any tool"))


def _result_text(result: dict) -> str:
    text = " ".join(block["text"] for block in result["content"] if "text" in block)
    return f"failed: {text}" if result.get("status") == "error" else text

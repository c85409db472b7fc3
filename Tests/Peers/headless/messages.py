"""A scripted model for agents that speaks Anthropic's Messages API, and keeps its threads."""

from __future__ import annotations

from collections.abc import Iterator

from headless.server import AgentUpstream, Refused, named, texts
from headless.task import Call, Conversation, Step, Tool, dump, pieces

USAGE = {"input_tokens": 40, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 8, "output_tokens": 12}


class AgentMessages(AgentUpstream):
    path = "/v1/messages"

    def __init__(self) -> None:
        super().__init__()
        self._threads: dict[str, dict] = {}  # by the id of the last answer

    def read(self, request: dict) -> Conversation:
        request = self._continued(request)
        said = [texts(request.get("system") or [])]
        said += [texts(message["content"]) for message in request["messages"]]
        conversation = Conversation("\n".join(said))
        for tool in request.get("tools") or []:
            conversation.tools[tool["name"]] = Tool(tool["name"], tool.get("input_schema") or {})
        for message in request["messages"]:
            for block in message["content"] if isinstance(message["content"], list) else []:
                if block["type"] == "tool_use":
                    conversation.calls.append(Call(block["name"], block["input"], id=block["id"]))
                if block["type"] == "tool_result":
                    conversation.answer(block["tool_use_id"], texts(block.get("content") or []))
        return conversation

    def whole(self, request: dict, step: Step) -> dict:
        full = self._continued(request)
        number = len(full["messages"])
        content: list[dict] = [{"type": "text", "text": step.text}] if step.text else []
        if step.call:
            call = {"type": "tool_use", "id": f"toolu_scripted_{number}", "name": step.call.name}
            content.append(call | {"input": step.call.input})
        message = {
            # Claude Code takes answers of the same id for one answer, so every turn has its own.
            "id": f"msg_scripted_{number}",
            "type": "message",
            "role": "assistant",
            "model": request["model"],
            "content": content,
            "stop_reason": "tool_use" if step.call else "end_turn",
            "stop_sequence": None,
            "usage": USAGE,
        }
        if "thread" in request:
            history = [*full["messages"], {"role": "assistant", "content": content}]
            self._threads[message["id"]] = full | {"messages": history}
        return message

    def events(self, request: dict, step: Step) -> Iterator[bytes]:
        message = self.whole(request, step)
        start = message | {"content": [], "stop_reason": None, "usage": USAGE | {"output_tokens": 1}}
        yield named({"type": "message_start", "message": start})
        for index, block in enumerate(message["content"]):
            if block["type"] == "text":
                opened = block | {"text": ""}
                deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
            else:
                opened = block | {"input": {}}
                parts = pieces(dump(block["input"]))
                deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in parts]
            yield named({"type": "content_block_start", "index": index, "content_block": opened})
            for delta in deltas:
                yield named({"type": "content_block_delta", "index": index, "delta": delta})
            yield named({"type": "content_block_stop", "index": index})
        end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
        yield named({"type": "message_delta", "delta": end, "usage": {"output_tokens": USAGE["output_tokens"]}})
        yield named({"type": "message_stop"})

    def refusal(self, refused: Refused) -> dict:
        error = {"type": "invalid_request_error", "message": str(refused)} | refused.more
        return {"type": "error", "error": error, "request_id": "req_scripted"}

    def _continued(self, request: dict) -> dict:
        """The request with all that its thread holds."""
        thread = request.get("thread") or {}
        if thread.get("type") != "continue":
            return request
        before = self._threads.get(thread["previous_message_id"])
        if before is None:
            raise Refused("there is no such thread", {"details": {"error_code": "thread_not_found"}})
        return before | {"messages": before["messages"] + request["messages"]}

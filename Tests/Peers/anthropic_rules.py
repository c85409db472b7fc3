"""What Anthropic's Messages API refuses, as its reference describes it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

VERSIONS = ("2023-06-01", "2026-10-21")

# The members of the request and of its blocks; whatever else is sent is refused, as the real API does.
TOP = set(
    "model max_tokens messages system stop_sequences stream temperature top_p top_k thinking output_config tools "
    "tool_choice metadata service_tier cache_control container inference_geo diagnostics".split()
)
BLOCKS = {
    "text": {"text", "citations", "cache_control"},
    "image": {"source", "transformations", "cache_control"},
    "document": {"source", "title", "context", "citations", "cache_control"},
    "tool_use": {"id", "name", "input", "caller", "cache_control"},
    "tool_result": {"tool_use_id", "content", "is_error", "cache_control"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
}
PLACES = {
    "user": {"text", "image", "document", "tool_result"},
    "assistant": {"text", "tool_use", "thinking", "redacted_thinking"},
    "system": {"text"},
    "tool_result": {"text", "image", "document"},
}
TOOL = set("name description input_schema type strict input_examples cache_control".split())
IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")


class Refused(Exception):
    """What is wrong with a request."""


def need(condition: object, message: str) -> None:
    if not condition:
        raise Refused(message)


def signature_of(thinking: str) -> str:
    """The seal of a text; a changed text does not fit it any more."""
    return base64.b64encode(hashlib.sha256(b"scripted" + thinking.encode()).digest()).decode()


REDACTED = signature_of("redacted")


def check(request: dict, headers: dict[str, str]) -> None:
    """Checks a request as the API reference describes it.

    Raises: Refused, with the words of a 400.
    """
    version = headers.get("anthropic-version")
    need(version, "anthropic-version: header is required")
    need(version in VERSIONS, f"anthropic-version: {version} is not a valid version")
    for name in request:
        need(name in TOP, f"{name}: Extra inputs are not permitted")
    for name in ("model", "max_tokens", "messages"):
        need(name in request, f"{name}: Field required")
    for name, value in request.items():
        need(value is not None, f"{name}: Input should not be null")
    limit = request["max_tokens"]
    need(isinstance(limit, int) and not isinstance(limit, bool) and limit > 0, "max_tokens: Input should be positive")
    for text in request.get("stop_sequences", []):
        need(text.strip(), "stop_sequences: each stop sequence must contain non-whitespace")
    need(set(request.get("metadata", {})) <= {"user_id"}, "metadata: Extra inputs are not permitted")
    need(request.get("service_tier", "auto") in ("auto", "standard_only"), "service_tier: unknown value")
    _check_sampling(request, version)
    _check_tools(request)
    _check_thinking(request)
    for block in blocks_of(request.get("system", [])):
        _check_block(block, "system")
    need(request.get("system") != "", "system: text content blocks must be non-empty")
    _check_messages(request)


def _check_sampling(request: dict, version: str) -> None:
    model = request["model"]
    given = [name for name in ("temperature", "top_p", "top_k") if name in request]
    if version == "2026-10-21":
        need(not given, f"{', '.join(given)}: Extra inputs are not permitted")
    if model == "claude-opus-5-1":
        need(not given, f"`{', '.join(given)}` is deprecated for this model.")
    if model == "claude-sonnet-4-5":
        both = "temperature" in given and "top_p" in given
        need(not both, "`temperature` and `top_p` cannot both be specified for this model.")
    need(0 <= request.get("temperature", 0) <= 1, "temperature: range: 0..1")
    need(0 <= request.get("top_p", 0) <= 1, "top_p: range: 0..1")
    need(isinstance(request.get("top_k", 0), int), "top_k: Input should be a valid integer")


def _check_tools(request: dict) -> None:
    tools = request.get("tools", [])
    names = set()
    for tool in tools:
        for name in tool:
            need(name in TOOL, f"tools.{name}: Extra inputs are not permitted")
        need(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool["name"]), "tools.name: String should match pattern")
        need(tool["name"] not in names, "tools: Tool names must be unique.")
        names.add(tool["name"])
        need("description" not in tool or isinstance(tool["description"], str), "tools.description: not a string")
        schema = tool.get("input_schema")
        need(isinstance(schema, dict) and schema.get("type") == "object", "tools.input_schema.type: Field required")
        if tool.get("strict"):
            _check_schema(schema)
    choice = request.get("tool_choice")
    if choice is not None:
        need(tools, "tool_choice may only be specified while providing tools")
        kind = choice.get("type")
        fields = {"auto": set(), "any": set(), "tool": {"name"}, "none": set()}
        need(kind in fields, "tool_choice.type: unknown")
        allowed = {"type"} | fields[kind] | (set() if kind == "none" else {"disable_parallel_tool_use"})
        need(set(choice) <= allowed, "tool_choice: Extra inputs are not permitted")
        if kind == "tool":
            need(choice.get("name") in names, f"Tool '{choice.get('name')}' not found in provided tools")
    used = [b for m in request["messages"] for b in blocks_of(m["content"]) if b["type"].startswith("tool_")]
    need(tools or not used, "Requests which include `tool_use` or `tool_result` blocks must define tools")


def _check_thinking(request: dict) -> None:
    config = request.get("output_config", {})
    need(set(config) <= {"effort", "format"}, "output_config: Extra inputs are not permitted")
    if "effort" in config:
        need(config["effort"] in ("low", "medium", "high", "xhigh", "max"), "output_config.effort: unknown value")
    if (form := config.get("format")) is not None:
        need(set(form) == {"type", "schema"} and form["type"] == "json_schema", "output_config.format: invalid")
        _check_schema(form["schema"])
    thinking = request.get("thinking")
    if thinking is None:
        return
    kind = thinking.get("type")
    fields = {"adaptive": {"display"}, "enabled": {"budget_tokens", "display"}, "disabled": set()}
    need(kind in fields and set(thinking) <= fields[kind] | {"type"}, "thinking: invalid")
    if kind == "enabled":
        need(request["model"] != "claude-opus-5-1", "thinking.type.enabled is not supported for this model")
        need(thinking.get("budget_tokens", 0) >= 1024, "thinking.budget_tokens: Input should be at least 1024")
        need(thinking["budget_tokens"] < request["max_tokens"], "max_tokens must exceed thinking.budget_tokens")
    if kind == "adaptive":
        need(request["model"] != "claude-sonnet-4-5", "adaptive thinking is not supported on this model")
    if kind != "disabled":
        forced = request.get("tool_choice", {}).get("type") in ("any", "tool")
        need(not forced, "Thinking may not be enabled when tool_choice forces tool use.")
        need(request.get("temperature", 1) == 1, "`temperature` may only be set to 1 when thinking is enabled")
        need("top_k" not in request, "`top_k` must be unset when thinking is enabled")
        need(request.get("top_p", 1) >= 0.95, "`top_p` must be at least 0.95 when thinking is enabled")


def _check_schema(schema: object) -> None:
    """Refuses what structured output does not know."""
    if isinstance(schema, list):
        for element in schema:
            _check_schema(element)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        need(schema.get("additionalProperties") is False, "schema: 'additionalProperties' must be explicitly false")
    for name, value in schema.items():
        unknown = ("oneOf", "pattern", "minimum", "maximum", "minLength", "maxLength", "maxItems", "multipleOf")
        need(name not in unknown, f"schema: '{name}' is not supported")
        if name in ("properties", "$defs"):
            for inner in value.values():
                _check_schema(inner)
        elif name in ("items", "anyOf", "allOf"):
            _check_schema(value)


def _check_messages(request: dict) -> None:
    messages = request["messages"]
    need(isinstance(messages, list) and messages, "messages: at least one message is required")
    merged: list[dict] = []
    for index, message in enumerate(messages):
        need(set(message) <= {"role", "content"}, f"messages.{index}: Extra inputs are not permitted")
        role = message.get("role")
        need(role in ("user", "assistant", "system"), f"messages.{index}.role: unknown role")
        blocks = blocks_of(message.get("content"))
        is_last_assistant = role == "assistant" and index == len(messages) - 1
        need(blocks or is_last_assistant, f"messages.{index}: all messages must have non-empty content")
        for block in blocks:
            _check_block(block, role)
        if role == "system":
            need(request["model"] != "claude-sonnet-4-5", "role 'system' is not supported on this model")
            need(index and messages[index - 1]["role"] == "user", "a system message must follow a user message")
            following = messages[index + 1 : index + 2]
            need(not following or following[0]["role"] == "assistant", "a system message must end the turn")
        if merged and merged[-1]["role"] == role:
            merged[-1]["content"] = merged[-1]["content"] + blocks
        else:
            merged.append({"role": role, "content": blocks})
    need(merged[0]["role"] == "user", "messages: first message must use the user role")
    if merged[-1]["role"] == "assistant":
        need(request["model"] != "claude-opus-5-1", "This model does not support assistant message prefill.")
        last = merged[-1]["content"][-1:]
        text = last[0].get("text", "") if last else ""
        need(text == text.rstrip(), "final assistant content cannot end with trailing whitespace")
    _check_results([message for message in merged if message["role"] != "system"])
    _check_replayed_thinking(request, merged)


def _check_results(merged: list[dict]) -> None:
    seen: set[str] = set()
    for index, message in enumerate(merged):
        calls = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        need(len(set(calls)) == len(calls) and not seen & set(calls), "`tool_use` ids must be unique")
        seen |= set(calls)
        following = merged[index + 1]["content"] if index + 1 < len(merged) else []
        results = [block["tool_use_id"] for block in following if block["type"] == "tool_result"]
        need(set(calls) <= set(results), "`tool_use` ids were found without `tool_result` blocks immediately after")
        need(set(results) <= set(calls) or message["role"] == "user", "unexpected `tool_use_id` in `tool_result`")
        need(len(set(results)) == len(results), "each tool_use must have a single result")
        kinds = [block["type"] == "tool_result" for block in message["content"]]
        need(kinds == sorted(kinds, reverse=True), "`tool_result` blocks must come first in the message")
    first = [block["type"] for block in merged[0]["content"]]
    need("tool_result" not in first, "unexpected `tool_use_id` in `tool_result`: no call before it")


def _check_replayed_thinking(request: dict, merged: list[dict]) -> None:
    if request.get("thinking", {}).get("type") not in ("enabled", "adaptive") or len(merged) < 2:
        return
    pending = merged[-2]["content"] if merged[-1]["role"] == "user" else []
    if any(block["type"] == "tool_use" for block in pending) and request["thinking"]["type"] == "enabled":
        first = pending[0]["type"]
        wanted = ("thinking", "redacted_thinking")
        need(first in wanted, f"Expected `thinking` or `redacted_thinking`, but found `{first}`.")


def _check_block(block: dict, place: str) -> None:
    kind = block.get("type")
    allowed = PLACES[place]
    need(kind in allowed, f"`{kind}` blocks are not permitted in a message of the role `{place}`")
    for name in set(block) - {"type"}:
        need(name in BLOCKS[kind], f"{kind}.{name}: Extra inputs are not permitted")
        need(block[name] is not None, f"{kind}.{name}: Input should not be null")
    if kind == "text":
        need(isinstance(block.get("text"), str), "text.text: Field required")
        need(block["text"].strip(), "text content blocks must be non-empty")
    elif kind == "tool_use":
        need(re.fullmatch(r"[a-zA-Z0-9_-]+", block.get("id", "")), "tool_use.id: String should match pattern")
        need(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", block.get("name", "")), "tool_use.name: should match pattern")
        need(isinstance(block.get("input"), dict), "tool_use.input: Input should be a valid dictionary")
    elif kind == "tool_result":
        need(isinstance(block.get("tool_use_id"), str), "tool_result.tool_use_id: Field required")
        for inner in blocks_of(block.get("content", [])):
            if inner != {"type": "text", "text": block.get("content")}:
                _check_block(inner, "tool_result")
    elif kind == "thinking":
        genuine = block.get("signature") == signature_of(block.get("thinking", ""))
        need(genuine, "Invalid `signature` in `thinking` block")
    elif kind == "redacted_thinking":
        need(block.get("data") == REDACTED, "Invalid `data` in `redacted_thinking` block")
    elif kind in ("image", "document"):
        _check_source(block.get("source") or {}, kind)


def _check_source(source: dict, kind: str) -> None:
    match source.get("type"):
        case "base64":
            need(set(source) == {"type", "media_type", "data"}, "source: Extra inputs are not permitted")
            types = IMAGES if kind == "image" else ("application/pdf",)
            need(source["media_type"] in types, "source.media_type: not supported")
            try:
                need(base64.b64decode(source["data"], validate=True), "source.data: empty")
            except binascii.Error:
                raise Refused("source.data: invalid base64 data") from None
        case "url":
            need(set(source) == {"type", "url"}, "source: Extra inputs are not permitted")
            need(source["url"].startswith("https://"), "Only HTTPS URLs are supported.")
        case "text":
            need(kind == "document" and source["media_type"] == "text/plain", "source: invalid")
        case _:
            raise Refused("source.type: unknown")


def blocks_of(content: object) -> list[dict]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    need(isinstance(content, list), "content: Input should be a string or a list")
    return content

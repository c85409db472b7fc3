"""What Amazon Bedrock refuses: by the service model that botocore brings, and by the rules of its user guide."""

from __future__ import annotations

import base64
import binascii
import json
import re
from urllib.parse import unquote

import botocore.session
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

SERVICE = botocore.session.get_session().get_service_model("bedrock-runtime")
PATHS = {
    "converse": "Converse",
    "converse-stream": "ConverseStream",
    "invoke": "InvokeModel",
    "invoke-with-response-stream": "InvokeModelWithResponseStream",
}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
CALL_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
DOCUMENT_NAME = re.compile(r"(?!.*  )[a-zA-Z0-9 \-()\[\]]{1,200}")
METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}")


class Refused(Exception):
    """What is wrong with a request."""


def need(condition: object, message: str) -> None:
    if not condition:
        raise Refused(message)


def operation_of(path: str) -> tuple[OperationModel, str] | None:
    """The operation of a path and the model in it; none for a path that is no operation's, as an unencoded ARN is."""
    match = re.fullmatch(r"/model/([^/]+)/([a-z-]+)", path)
    if match is None or match[2] not in PATHS:
        return None
    # One segment, with every byte that is not plain encoded.
    if not re.fullmatch(r"(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+", match[1]):
        return None
    return SERVICE.operation_model(PATHS[match[2]]), unquote(match[1])


def params_of(value: object, shape: Shape, path: str = "") -> object:
    """A JSON value as botocore wants it from a caller; blobs are base64 on the wire and bytes before."""
    match shape.type_name:
        case "structure" if not getattr(shape, "is_document_type", False) and isinstance(value, dict):
            for name in value:
                need(name in shape.members, f"{path}.{name}: unknown member")
            return {name: params_of(inner, shape.members[name], f"{path}.{name}") for name, inner in value.items()}
        case "list" if isinstance(value, list):
            return [params_of(inner, shape.member, f"{path}[{index}]") for index, inner in enumerate(value)]
        case "map" if isinstance(value, dict):
            return {name: params_of(inner, shape.value, f"{path}.{name}") for name, inner in value.items()}
        case "blob":
            need(isinstance(value, str), f"{path}: a blob is a string")
            try:
                return base64.b64decode(value, validate=True)
            except binascii.Error as wrong:
                raise Refused(f"{path}: {wrong}") from None
        case "string" if getattr(shape, "enum", None):
            need(value in shape.enum, f"{path}: {value!r} is none of {shape.enum}")
    return value


def validate(params: dict, operation: OperationModel) -> None:
    """Judges parameters by botocore's own validator."""
    report = ParamValidator().validate(params, operation.input_shape)
    need(not report.has_errors(), report.generate_report())


def check(operation: OperationModel, model: str, body: dict) -> dict:
    """Checks a request of Converse and returns it as botocore would take it from a caller.

    Raises: Refused, with the words of a 400.
    """
    params = params_of(body, operation.input_shape) | {"modelId": model}
    validate(params, operation)
    _no_nulls(body, "")
    _check_turns(body)
    _check_tools(body)
    names = [block["document"]["name"] for block in blocks_of(body) if "document" in block]
    for name in names:
        need(DOCUMENT_NAME.fullmatch(name), f"document name {name!r} is not plain")
    need(len(set(names)) == len(names), "documents have one name")
    points = [block for block in everything_of(body) if "cachePoint" in block]
    need(len(points) <= 4, f"{len(points)} cache points are more than four")
    need(not points or "claude" in model or "nova" in model, "this model has no cache points")
    config = body.get("inferenceConfig", {})
    for name in ("temperature", "topP"):
        need(0 <= config.get(name, 0) <= 1, f"{name} is out of range")
    for text in config.get("stopSequences", []):
        need(text.strip(), "a stop sequence is blank")
    for name, value in body.get("requestMetadata", {}).items():
        need(METADATA.fullmatch(name) and METADATA.fullmatch(value), f"requestMetadata: {name!r} is not plain")
    return params


def blocks_of(body: dict) -> list[dict]:
    return [block for message in body["messages"] for block in message["content"]]


def everything_of(body: dict) -> list[dict]:
    return [*blocks_of(body), *body.get("system", []), *body.get("toolConfig", {}).get("tools", [])]


def _no_nulls(value: object, path: str) -> None:
    need(value is not None, f"{path} is null")
    if isinstance(value, dict):
        for name, inner in value.items():
            _no_nulls(inner, f"{path}.{name}")
    if isinstance(value, list):
        for index, inner in enumerate(value):
            _no_nulls(inner, f"{path}[{index}]")


def _check_turns(body: dict) -> None:
    messages = body["messages"]
    need(messages and messages[0]["role"] == "user", "A conversation must start with a user message.")
    for before, after in zip(messages, messages[1:], strict=False):
        need(before["role"] != after["role"], "roles must alternate")
    for message in messages:
        need(message["content"], "The content field in the Message object is empty.")
    for block in everything_of(body):
        if "text" in block:
            need(block["text"].strip(), "The text field in the ContentBlock object is blank.")
        for inner in block.get("toolResult", {}).get("content", []):
            need(inner.get("text", "x").strip(), "The text field in a tool result is blank.")
    calls: list[str] = []
    for message in messages:
        results = [block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block]
        need(sorted(results) == sorted(calls), f"toolResult blocks {results} do not answer the toolUse blocks {calls}")
        calls = [block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]
        for call in calls:
            need(CALL_ID.fullmatch(call), f"toolUseId {call!r}")
        if any("document" in block for block in message["content"]):
            need(any("text" in block for block in message["content"]), "a document stands without a text")
    need(not calls, "the last toolUse blocks have no results")


def _check_tools(body: dict) -> None:
    config = body.get("toolConfig")
    used = any("toolUse" in block or "toolResult" in block for block in blocks_of(body))
    need(config or not used, "The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    for tool in (config or {}).get("tools", []):
        if "toolSpec" not in tool:
            continue
        spec = tool["toolSpec"]
        need(NAME.fullmatch(spec["name"]), f"tool name {spec['name']!r}")
        need(spec.get("description", "x"), "a description is empty")
        schema = spec["inputSchema"]["json"]
        need(schema.get("type") == "object", "inputSchema.json.type must be object")
        need("$schema" not in schema, "inputSchema.json must not have $schema")


def schema_of(body: dict) -> dict | None:
    """The schema of the answer, which is a text inside the request."""
    form = body.get("outputConfig", {}).get("textFormat", {})
    return json.loads(form["structure"]["jsonSchema"]["schema"]) if form else None

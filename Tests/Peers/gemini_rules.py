"""What Gemini's API refuses, for the scripted server. Shapes are checked by google-genai's own types, which allow no
member that the API does not have; turns and signatures by rules of the API that types do not know."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pydantic
from google.genai import types

PLACEHOLDER = "skip_thought_signature_validator"
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$")
MEMBERS = {
    "contents": list[types.Content],
    "systemInstruction": types.Content,
    "tools": list[types.Tool],
    "toolConfig": types.ToolConfig,
    "safetySettings": list[types.SafetySetting],
    "cachedContent": str,
    "labels": dict[str, str],
    "serviceTier": types.ServiceTier,
}


# Below these stands what a caller named.
FREE = {"args", "response", "parametersJsonSchema", "responseJsonSchema", "labels"}


def in_camel_case(value: object) -> object:
    """The request with the names that it is documented with; the API, and google-genai, know others too."""
    if isinstance(value, list):
        return [in_camel_case(one) for one in value]
    if not isinstance(value, dict):
        return value
    names = {key: key.split("_")[0] + "".join(word.capitalize() for word in key.split("_")[1:]) for key in value}
    return {names[key]: one if names[key] in FREE else in_camel_case(one) for key, one in value.items()}


class Refused(Exception):
    """The words of a 400."""


def signature_of(call: dict) -> str:
    """The signature of a call, which proves that it is unchanged; of plain base64 letters and digits."""
    text = json.dumps([call["name"], call.get("args", {})], sort_keys=True)
    return base64.b64encode(hashlib.sha256(text.encode()).hexdigest().encode()).decode()


def signature_of_text(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).hexdigest()[:30].encode()).decode()


def generation(model: str) -> int:
    return 2 if "gemini-2" in model else 3


def check(request: dict, model: str) -> None:
    for name, value in request.items():
        if name == "generationConfig":
            _check_config(value, model)
        elif name in MEMBERS:
            _validate(MEMBERS[name], value, name)
        else:
            raise Refused(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    if "null" in json.dumps(request["contents"]).split():
        raise Refused("a null where none may stand")
    _check_tools(request)
    _check_turns(request["contents"], model)


def _validate(kind: object, value: object, name: str) -> None:
    try:
        pydantic.TypeAdapter(kind).validate_json(json.dumps(value))
    except pydantic.ValidationError as error:
        raise Refused(f"Invalid value at '{name}': {error}") from None


def _check_config(config: dict, model: str) -> None:
    _validate(types.GenerationConfig, config, "generationConfig")
    thinking = config.get("thinkingConfig", {})
    if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
        raise Refused("You can only set only one of thinking budget and thinking level.")
    if "thinkingLevel" in thinking and generation(model) < 3:
        raise Refused("Thinking level is not supported for this model.")
    if thinking.get("thinkingBudget") == 0 and generation(model) >= 3:
        raise Refused("Budget 0 is invalid. This model only works in thinking mode.")
    if len(config.get("stopSequences", [])) > 5:
        raise Refused("The number of stop sequences must be at most 5.")
    if "logprobs" in config and not config.get("responseLogprobs"):
        raise Refused("Logprobs are not enabled.")


def _check_tools(request: dict) -> None:
    names = [one["name"] for tool in request.get("tools", []) for one in tool.get("functionDeclarations", [])]
    for name in names:
        if not NAME.match(name):
            raise Refused(f"Invalid function name: {name}")
    if len(set(names)) != len(names):
        raise Refused("Duplicate function declaration found")
    for tool in request.get("tools", []):
        for function in tool.get("functionDeclarations", []):
            schema = function.get("parametersJsonSchema")
            if schema is not None and schema.get("type", "object") != "object":
                raise Refused("parameters must be of type OBJECT")
    config = request.get("toolConfig", {}).get("functionCallingConfig", {})
    for name in config.get("allowedFunctionNames", []):
        if config["mode"] not in ("ANY", "VALIDATED") or name not in names:
            raise Refused("allowed_function_names")


def _check_turns(contents: list[dict], model: str) -> None:
    if not contents or contents[-1]["role"] != "user":
        raise Refused("Please ensure that single turn requests end with a user role")
    asked = max(index for index, one in enumerate(contents) if _is_question(one))
    for index, content in enumerate(contents):
        if not content.get("parts"):
            raise Refused("Unable to submit request because it must include at least one parts field")
        if all(part == {"text": ""} for part in content["parts"]):
            raise Refused("must include at least one parts field, which describes the prompt input")
        if index and contents[index - 1]["role"] == content["role"]:
            raise Refused("roles should alternate")
        calls = [part for part in content["parts"] if "functionCall" in part]
        answers = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        before = contents[index - 1]["parts"] if index else []
        called = [part["functionCall"] for part in before if "functionCall" in part]
        if [(one.get("id"), one["name"]) for one in answers] != [(one.get("id"), one["name"]) for one in called]:
            raise Refused(
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn."
            )
        if calls and generation(model) >= 3:
            _check_signatures(calls, index > asked)


def _is_question(content: dict) -> bool:
    return content["role"] == "user" and not any("functionResponse" in part for part in content["parts"])


def _check_signatures(calls: list[dict], is_current: bool) -> None:
    first = calls[0].get("thoughtSignature")
    if first is None and is_current:
        raise Refused("Function call is missing a thought_signature in functionCall parts.")
    for call in calls:
        signature = call.get("thoughtSignature")
        if signature not in (None, PLACEHOLDER, signature_of(call["functionCall"])):
            raise Refused("Thought signature is not valid.")

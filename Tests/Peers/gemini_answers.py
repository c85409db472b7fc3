"""What the scripted Gemini answers: responses, whole or as events, with usage that can be counted.

All of them go through google-genai's types, so that no member is there that the API does not have.
"""

from __future__ import annotations

import json

from gemini_rules import signature_of, signature_of_text
from google.genai import types
from scripted_upstream import example_of

CACHED = 2048
TOOL_USE = 9
THOUGHT = "I think about: "
PAGE = "https://example.com/page"


class Answer:
    """What the model says, and why it stops."""

    def __init__(self, request: dict, model: str) -> None:
        self.model = model
        self.parts: list[dict] = []
        self.finish: str | None = "STOP"
        self.finish_message: str | None = None
        self.block: str | None = None
        self.prompt = _count(request)
        config = request.get("generationConfig", {})
        match model.split("-")[-1]:
            case "blocked":
                self.block = "PROHIBITED_CONTENT"
                return
            case "safety":
                self.finish = "SAFETY"
                return
            case "starved":
                self.finish = "MAX_TOKENS"
                return
            case "malformed":
                self.finish, self.finish_message = "MALFORMED_FUNCTION_CALL", "Malformed function call: print(get("
                return
        if config.get("thinkingConfig", {}).get("includeThoughts"):
            self.parts.append({"text": THOUGHT + _last_text(request), "thought": True})
        if calls := self._calls(request):
            if model.endswith("-parallel"):
                self.parts.append({"text": "Looking."})
            self.parts += calls
        else:
            self._say(request, config)

    def _calls(self, request: dict) -> list[dict]:
        functions = [one for tool in request.get("tools", []) for one in tool.get("functionDeclarations", [])]
        config = request.get("toolConfig", {}).get("functionCallingConfig", {"mode": "AUTO"})
        last = request["contents"][-1]["parts"]
        if not functions or config["mode"] == "NONE" or any("functionResponse" in part for part in last):
            return []
        if allowed := config.get("allowedFunctionNames"):
            functions = [one for one in functions if one["name"] in allowed]
        if not self.model.endswith("-parallel"):
            functions = functions[:1]
        parts = []
        for index, function in enumerate(functions):
            call = {"name": function["name"]}
            if schema := function.get("parametersJsonSchema"):
                call["args"] = example_of(schema)
            part = {"functionCall": call}
            if not self.model.endswith("-anonymous"):
                call["id"] = f"fc-{index}-{len(request['contents'])}"
            # Calls side by side are signed by the first of them.
            if index == 0 and "gemini-2" not in self.model:
                part["thoughtSignature"] = signature_of(call)
            parts.append(part)
        return parts

    def _say(self, request: dict, config: dict) -> None:
        last = request["contents"][-1]["parts"]
        results = [part["functionResponse"]["response"] for part in last if "functionResponse" in part]
        if results:
            text = "The tools said: " + " | ".join(str(next(iter(one.values()))) for one in results)
        elif schema := config.get("responseJsonSchema"):
            text = json.dumps(example_of(schema))
        else:
            text = f"You said: {_last_text(request)}"
        for stop in config.get("stopSequences", []):
            if stop in text:
                text = text[: text.index(stop)]
        words = _pieces(text)
        if len(words) > config.get("maxOutputTokens", 1 << 30):
            text = "".join(words[: config["maxOutputTokens"]])
            self.finish = "MAX_TOKENS"
        self.parts.append({"text": text})
        if "gemini-2" not in self.model:
            self.parts[-1]["thoughtSignature"] = signature_of_text(text)

    @property
    def usage(self) -> dict:
        thoughts = sum(len(part["text"].split()) for part in self.parts if part.get("thought"))
        said = sum(len(part["text"].split()) for part in self.parts if "text" in part and not part.get("thought"))
        called = sum(len(str(part["functionCall"].get("args", {})).split()) for part in self.parts if "functionCall" in part)
        usage = {"promptTokenCount": self.prompt}
        # Counts of zero are left out.
        if said + called:
            usage["candidatesTokenCount"] = said + called
        if thoughts:
            usage["thoughtsTokenCount"] = thoughts
        if self.model.endswith("-cached"):
            usage["promptTokenCount"] += CACHED
            usage["cachedContentTokenCount"] = CACHED
            usage["toolUsePromptTokenCount"] = TOOL_USE
        if self.model.endswith("-media"):
            usage["promptTokenCount"] += 300
            usage["cachedContentTokenCount"] = 90
            usage["candidatesTokenCount"] += 1290
            usage["promptTokensDetails"] = [
                {"modality": "TEXT", "tokenCount": usage["promptTokenCount"] - 200},
                {"modality": "AUDIO", "tokenCount": 150},
                {"modality": "VIDEO", "tokenCount": 50},
            ]
            usage["cacheTokensDetails"] = [{"modality": "AUDIO", "tokenCount": 40}, {"modality": "TEXT", "tokenCount": 50}]
            usage["candidatesTokensDetails"] = [{"modality": "IMAGE", "tokenCount": 1290}]
        usage["totalTokenCount"] = sum(
            usage.get(name, 0)
            for name in ("promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
        )
        return usage

    def whole(self) -> dict:
        return self._response(self.parts, self.finish, self.usage)

    def events(self) -> list[dict]:
        if self.block or not self.parts:
            return [self.whole()]
        pieces: list[dict] = []
        for part in self.parts:
            if "text" not in part:
                pieces.append(part)
                continue
            words = _pieces(part["text"])
            more = {key: value for key, value in part.items() if key not in ("text", "thoughtSignature")}
            pieces += [{"text": word, **more} for word in words]
            if seal := part.get("thoughtSignature"):
                pieces[-1]["thoughtSignature"] = seal
        events = []
        for index, piece in enumerate(pieces):
            is_last = index == len(pieces) - 1
            # Usage grows with every event; the counts of the last one are those of the whole.
            usage = self.usage if is_last else {"promptTokenCount": self.prompt, "totalTokenCount": self.prompt + index}
            events.append(self._response([piece], self.finish if is_last else None, usage))
        return events

    def _response(self, parts: list[dict], finish: str | None, usage: dict) -> dict:
        response: dict = {"usageMetadata": usage, "modelVersion": self.model, "responseId": "resp-scripted"}
        if self.block:
            response["promptFeedback"] = {"blockReason": self.block}
        else:
            candidate: dict = {"index": 0}
            if parts:
                candidate["content"] = {"role": "model", "parts": parts}
            if finish:
                candidate["finishReason"] = finish
            if finish and self.model.endswith("-grounded"):
                candidate["groundingMetadata"] = self._grounding()
            if finish and self.finish_message:
                candidate["finishMessage"] = self.finish_message
            response["candidates"] = [candidate]
        return checked(response)


    def _grounding(self) -> dict:
        """A page for two words of the question; places are counted in bytes of the whole text."""
        text, cited = "".join(part.get("text", "") for part in self.parts), "雨 🎏"
        start = len(text[: text.index(cited)].encode())
        segment = {"startIndex": start, "endIndex": start + len(cited.encode()), "text": cited}
        return {
            "webSearchQueries": ["rain"],
            "groundingChunks": [{"web": {"uri": PAGE, "title": "a page"}}],
            "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0], "confidenceScores": [0.9]}],
        }


def checked(response: dict) -> dict:
    """The response, if google-genai knows each member of it."""
    types.GenerateContentResponse.model_validate_json(json.dumps(response))
    return response


def _pieces(text: str) -> list[str]:
    words = text.split(" ")
    return [word + " " for word in words[:-1]] + [words[-1]]


def _count(request: dict) -> int:
    texts = [part.get("text", "") for content in request["contents"] for part in content["parts"]]
    texts += [part.get("text", "") for part in request.get("systemInstruction", {}).get("parts", [])]
    return max(1, sum(len(text.split()) for text in texts))


def _last_text(request: dict) -> str:
    for content in reversed(request["contents"]):
        texts = [part["text"] for part in content["parts"] if part.get("text")]
        if content["role"] == "user" and texts:
            return texts[-1]
    return ""

#!/usr/bin/env python3
"""Writes verdicts.json: what the Python package jsonschema says about many documents.

    $(scripts/venv.sh jsonschema) Tests/MartletWireTests/JSONSchema/Fixtures/make_verdicts.py

Each line of the list is one schema with documents and whether they follow it: first written by hand, by keyword, then
made up from a fixed seed. Left out is what differs on purpose: numbers that binary fractions cannot hold, and regular
expressions beyond what both languages share.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from jsonschema.validators import validator_for
from jsonschema import Draft202012Validator

FILE = Path(__file__).with_name("verdicts.json")
SEED = 20201
GENERATED = 500

EVERYTHING: list[Any] = [
    None, True, False, 0, 1, -1, 1.0, 1.5, "", "a", "foo", "\U0001F600\U0001F600", [], [1], [1, 2], [1, 1], [None],
    {}, {"a": 1}, {"a": "x", "b": 2}, {"foo": 1, "bar": 2}, {"foo": [], "quux": []},
]

TREE = {
    "type": "object",
    "properties": {"value": {"type": "number"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["value"],
    "additionalProperties": False,
}

# By keyword: a schema, and documents beside EVERYTHING.
BY_KEYWORD: list[tuple[Any, list[Any]]] = [
    (True, []), (False, []), ({}, []),
    *[({"type": name}, [1e300, 10000000000000000000000]) for name in
      ("null", "boolean", "object", "array", "number", "string", "integer")],
    ({"type": ["integer", "string"]}, []), ({"type": ["array", "object", "null"]}, []), ({"type": []}, []),
    ({"enum": [1, "a", None, [1, 2], {"a": 1}]}, [{"a": 1.0}, [1.0, 2], [2, 1], {"a": True}]),
    ({"enum": [False]}, []), ({"enum": [0]}, []), ({"enum": [True]}, []), ({"enum": [1]}, []), ({"enum": [[False]]}, [[0], [False]]),
    ({"enum": []}, []), ({"const": 2}, [2, 2.0]), ({"const": None}, []), ({"const": {"foo": 1, "bar": 2}}, [{"bar": 2, "foo": 1}]),
    ({"const": {"a": False}}, [{"a": 0}, {"a": False}]), ({"const": [1]}, [[True], [1.0]]), ({"const": -2.0}, [-2]),
    ({"const": "hello\0there"}, ["hello\0there", "hellothere"]), ({"const": 9007199254740992}, [9007199254740992, 9007199254740991]),
    ({"minimum": 1.5}, [1.5, 1.4, 2, -3, 1e300]), ({"maximum": 3}, [3, 3.5, 4, -1e300]), ({"minimum": -2}, [-2, -2.5, -3, 0]),
    ({"exclusiveMinimum": 1}, [1, 1.5, 0.5]), ({"exclusiveMaximum": 3}, [3, 2.5, 3.5]),
    ({"minimum": 18014398509481984}, [18014398509481984, 18014398509481983]),
    ({"multipleOf": 2}, [4, 7, 0, -6, 10000000000000000000000, 10000000000000000000001]),
    ({"multipleOf": 1.5}, [0, 4.5, 35, -3]), ({"multipleOf": 0.25}, [0.75, 1.1, 3]), ({"multipleOf": 1}, [1e100, 0.5]),
    ({"minLength": 2}, ["f", "fo", "\U0001F600", "e\u0301"]), ({"maxLength": 2}, ["foo", "\U0001F600\U0001F600", "e\u0301x"]),
    ({"minLength": 2.0, "maxLength": 3.0}, ["four"]),
    ({"pattern": "^a*$"}, ["aaa", "abc", ""]), ({"pattern": "a+"}, ["xxaayy", "xyz"]),
    ({"pattern": "^[a-z]{2,4}(-[A-Z0-9]+)?$"}, ["ab", "ab-X1", "abcde", "ab-x", "a"]),
    ({"pattern": "^(?=.*[A-Z])(?=.*[0-9]).{4,}$"}, ["abcD1", "abcd1", "ABCD", "A1", "xA1x"]),
    ({"pattern": "^(?!foo)"}, ["foobar", "barfoo", ""]), ({"pattern": "\\bcat\\b"}, ["a cat!", "concat", "cat"]),
    ({"pattern": "^\\S+@\\S+\\.\\S+$"}, ["a@b.c", "a b@c.d", "@"]), ({"pattern": "^(a|b|cd)*?e$"}, ["e", "abcde", "abce"]),
    ({"pattern": "^[^\\s,;]+$"}, ["ab", "a b", "a,b", "\u00a0"]), ({"pattern": "^\\u00e9$"}, ["\u00e9", "e"]),
    ({"pattern": "^(([0-9]{1,3})\\.){3}[0-9]{1,3}$"}, ["127.0.0.1", "1.2.3", "1.2.3.4567"]),
    ({"pattern": "^.$"}, ["\U0001F600", "ab", "\n"]), ({"pattern": "[a\\]-]"}, ["]", "-", "b"]),
    ({"minItems": 1}, [[], [1]]), ({"maxItems": 1}, [[1], [1, 2]]), ({"minItems": 1.0}, []),
    ({"uniqueItems": True}, [[1, 2, 1], [1.0, 1], [0, False], [1, True], ["a", "b", "a"], [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
                             [[1], [True]], [[[1], "x"], [[True], "x"]], [{"a": False}, {"a": 0}], [None, None], [[1, 2], [2, 1]], [{}, []]]),
    ({"uniqueItems": False}, [[1, 1]]),
    ({"items": {"type": "integer"}}, [[1, "x"], [1, 2.0]]), ({"items": False}, [[], [1]]), ({"items": True}, []),
    ({"prefixItems": [{"type": "integer"}, {"type": "string"}]}, [[1, "a"], ["a", 1], [1], [1, "a", None]]),
    ({"prefixItems": [{"type": "integer"}], "items": False}, [[1], [1, 2]]),
    ({"prefixItems": [{}], "items": {"type": "integer"}}, [["x", 1], ["x", "y"]]),
    ({"contains": {"minimum": 5}}, [[3, 4, 5], [1], [5, 5], ["x"]]), ({"contains": True}, []), ({"contains": False}, []),
    ({"contains": {"const": 1}, "minContains": 2}, [[1, 1], [1]]), ({"contains": {"const": 1}, "maxContains": 1}, [[1, 1], [1], [2]]),
    ({"contains": {"const": 1}, "minContains": 0}, [[], [2]]), ({"minContains": 2}, [[]]), ({"maxContains": 0}, [[1]]),
    ({"contains": {"const": 1}, "minContains": 0, "maxContains": 1}, [[1, 1], []]),
    ({"minProperties": 1}, []), ({"maxProperties": 1}, []), ({"required": ["a"]}, []), ({"required": []}, []),
    ({"required": ["__proto__", "a\nb"]}, [{"__proto__": 1, "a\nb": 2}]),
    ({"properties": {"foo": {"type": "integer"}, "bar": {"type": "string"}}}, [{"foo": 1, "bar": "x"}, {"foo": {}, "bar": []}]),
    ({"properties": {"a": True, "b": False}}, []), ({"properties": {"$ref": {"type": "string"}}}, [{"$ref": "a"}, {"$ref": 2}]),
    ({"patternProperties": {"f.*o": {"type": "integer"}, "^b": {"minimum": 2}}}, [{"foo": 1}, {"foooo": "x"}, {"b": 1}, {"bfo": 3}, {"bfo": 1}]),
    ({"additionalProperties": False}, []), ({"additionalProperties": {"type": "integer"}}, [{"x": 1}, {"x": "1"}]),
    ({"properties": {"foo": {}}, "patternProperties": {"^v": {}}, "additionalProperties": False}, [{"foo": 1}, {"vroom": 1}, {"x": 1}]),
    ({"allOf": [{"properties": {"foo": {}}}], "additionalProperties": {"type": "boolean"}}, [{"foo": 1}, {"foo": True}]),
    ({"propertyNames": {"maxLength": 3}}, [{"f": 1, "foo": 2}, {"foobar": 1}]), ({"propertyNames": False}, []),
    ({"propertyNames": {"pattern": "^a+$"}}, [{"aa": 1}, {"aaA": 1}]), ({"propertyNames": {"enum": ["a", "b"]}}, []),
    ({"dependentRequired": {"bar": ["foo"]}}, [{"bar": 1}]), ({"dependentRequired": {"a": ["b", "c"]}}, [{"a": 1, "b": 1, "c": 1}]),
    ({"dependentSchemas": {"bar": {"properties": {"foo": {"type": "integer"}}}}}, [{"foo": "x"}, {"foo": "x", "bar": 1}]),
    ({"dependentSchemas": {"a": False}}, []), ({"dependencies": {"a": ["zzz"]}}, []),
    ({"allOf": [{"required": ["foo"]}, {"required": ["bar"]}]}, []), ({"allOf": [True, False]}, []), ({"allOf": []}, []),
    ({"anyOf": [{"type": "integer"}, {"minimum": 2}]}, [1.5, 2.5, 3]), ({"anyOf": [False, False]}, []), ({"anyOf": [{"type": "null"}, True]}, []),
    ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, [1.5, 2.5, 3]), ({"oneOf": [True, True]}, []), ({"oneOf": [True, False]}, []),
    ({"oneOf": [{"required": ["foo", "bar"]}, {"required": ["foo", "baz"]}]}, [{"foo": 1, "bar": 2}, {"foo": 1, "bar": 2, "baz": 3}]),
    ({"not": {"type": "integer"}}, []), ({"not": {"not": {"type": "string"}}}, []), ({"not": True}, []), ({"not": {}}, []),
    ({"not": {"type": "object", "properties": {"foo": {"type": "string"}}}}, [{"foo": "x"}, {"foo": 1}]),
    ({"if": {"exclusiveMaximum": 0}, "then": {"minimum": -10}, "else": {"multipleOf": 2}}, [-1, -100, 3, 4]),
    ({"if": {"const": 0}}, []), ({"then": {"const": 0}}, []), ({"else": {"const": 0}}, []), ({"if": True, "then": {"type": "string"}}, []),
    ({"if": False, "then": False, "else": {"type": "object"}}, []),
    ({"properties": {"foo": {"$ref": "#"}}, "additionalProperties": False}, [{"foo": {"foo": {}}}, {"foo": {"bar": 1}}]),
    ({"$defs": {"a": {"type": "integer"}, "b": {"$ref": "#/$defs/a"}, "c": {"$ref": "#/$defs/b"}}, "$ref": "#/$defs/c"}, []),
    ({"definitions": {"a": {"minItems": 2}}, "properties": {"a": {"$ref": "#/definitions/a", "maxItems": 2}}}, [{"a": [1]}, {"a": [1, 2]}, {"a": [1, 2, 3]}]),
    ({"$defs": {"tilde~field": {"type": "integer"}, "slash/field": {"type": "string"}, "percent%field": {"type": "array"}},
      "properties": {"a": {"$ref": "#/$defs/tilde~0field"}, "b": {"$ref": "#/$defs/slash~1field"}, "c": {"$ref": "#/$defs/percent%25field"}}},
     [{"a": 1, "b": "x", "c": []}, {"a": "x"}, {"b": 1}, {"c": 1}]),
    ({"prefixItems": [{"type": "integer"}, {"$ref": "#/prefixItems/0"}]}, [[1, 2], [1, "x"]]),
    ({"$ref": "#/$defs/~01", "$defs": {"~1": {"type": "string"}}}, []),
    ({"$defs": {"A": {"$anchor": "foo", "type": "integer"}}, "$ref": "#foo"}, []),
    ({"$id": "http://example.com/root.json", "$defs": {"A": {"type": "integer"}}, "$ref": "http://example.com/root.json#/$defs/A"}, []),
    ({"$id": "http://example.com/a.json", "properties": {"x": {"$ref": "http://example.com/b.json#/$defs/n"}, "y": {"$ref": "http://example.com/b.json"}},
      "$defs": {"b": {"$id": "http://example.com/b.json", "$defs": {"n": {"type": "null"}}, "maxProperties": 0, "items": {"$ref": "#/$defs/n"}}}},
     [{"x": None}, {"x": 1}, {"y": [None]}, {"y": [1]}, {"y": {"a": 1}}]),
    ({"enum": [{"$ref": "#/nowhere"}]}, [{"$ref": "#/nowhere"}]), ({"const": {"$id": "x", "$ref": "#y"}}, [{"$id": "x", "$ref": "#y"}]),
    ({"properties": {"const": {"type": "integer"}, "enum": {"type": "string"}, "$defs": {"type": "null"}}}, [{"const": 1, "enum": "x"}, {"enum": 1}, {"$defs": 1}]),
    (TREE, [{"value": 1, "children": [{"value": 2, "children": []}]}, {"value": 1, "children": [{"children": []}]}, {"value": 1, "x": 2}]),
    ({"$dynamicRef": "#node", "$defs": {"n": {"$dynamicAnchor": "node", "type": "string"}}}, []),
    ({"unevaluatedProperties": False}, []), ({"unevaluatedProperties": {"type": "string"}}, [{"a": "x"}]),
    ({"properties": {"foo": {}}, "unevaluatedProperties": False}, [{"foo": 1}, {"foo": 1, "bar": 2}]),
    ({"allOf": [{"properties": {"foo": {}}}, {"patternProperties": {"^b": {}}}], "unevaluatedProperties": False}, [{"foo": 1, "bar": 2}, {"x": 1}]),
    ({"anyOf": [{"required": ["a"], "properties": {"a": {}}}, {"required": ["b"], "properties": {"b": {}}}], "unevaluatedProperties": False},
     [{"a": 1}, {"b": 1}, {"a": 1, "b": 2}, {"a": 1, "c": 2}]),
    ({"oneOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": {}}, "required": ["b"]}], "unevaluatedProperties": False},
     [{"a": 1}, {"b": 2}, {"a": 2, "b": 1}, {"a": 1, "b": 1}]),
    ({"not": {"not": {"properties": {"a": {}}}}, "unevaluatedProperties": False}, [{"a": 1}]),
    ({"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"properties": {"b": {}}}, "else": {"properties": {"c": {}}}, "unevaluatedProperties": False},
     [{"a": 1}, {"a": 1, "b": 2}, {"a": 1, "c": 2}, {"c": 1}, {"b": 1}, {"a": 2}]),
    ({"dependentSchemas": {"a": {"properties": {"b": {}}}}, "properties": {"a": {}}, "unevaluatedProperties": False}, [{"a": 1, "b": 2}, {"b": 2}]),
    ({"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"a": {}}}}, "unevaluatedProperties": False}, [{"a": 1}, {"a": 1, "b": 2}]),
    ({"additionalProperties": True, "unevaluatedProperties": False}, []),
    ({"unevaluatedItems": False}, []), ({"prefixItems": [True], "unevaluatedItems": False}, [[1], [1, 2]]),
    ({"items": {"type": "integer"}, "unevaluatedItems": False}, []), ({"contains": {"type": "string"}, "unevaluatedItems": False}, [["a"], ["a", 1]]),
    ({"allOf": [{"prefixItems": [True, True]}], "prefixItems": [True], "unevaluatedItems": {"type": "null"}}, [[1, 2], [1, 2, None], [1, 2, 3]]),
    ({"anyOf": [{"prefixItems": [True, {"const": "b"}]}, {"prefixItems": [True, True, {"const": "c"}]}], "unevaluatedItems": False},
     [["a", "b"], ["a", "x"], ["a", "b", "c"], ["a", "x", "c"], ["a", "b", "c", "d"]]),
    ({"properties": {"a": {"properties": {"b": {}}, "unevaluatedProperties": False}}, "unevaluatedProperties": False}, [{"a": {"b": 1}}, {"a": {"c": 1}}]),
    ({"title": 1, "description": "x", "default": {}, "examples": [1], "x-thing": {"type": "no"}}, []),
]

# In older drafts.
SEVEN, FOUR, NINETEEN = (
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-04/schema#",
    "https://json-schema.org/draft/2019-09/schema",
)
OLDER: list[tuple[Any, list[Any]]] = [
    ({"$schema": SEVEN, "items": [{"type": "integer"}], "additionalItems": False}, [[1], [1, 2], ["x"]]),
    ({"$schema": SEVEN, "items": [{"type": "integer"}], "additionalItems": {"type": "string"}}, [[1, "x"], [1, 2]]),
    ({"$schema": SEVEN, "additionalItems": False}, []),
    ({"$schema": SEVEN, "dependencies": {"bar": ["foo"], "a": {"required": ["b"]}}}, [{"bar": 1}, {"a": 1}, {"a": 1, "b": 2}]),
    ({"$schema": SEVEN, "definitions": {"a": {"type": "integer"}}, "properties": {"x": {"$ref": "#/definitions/a", "maximum": 1}}}, [{"x": 5}, {"x": "y"}]),
    ({"$schema": SEVEN, "definitions": {"a": {"$id": "#foo", "type": "integer"}}, "$ref": "#foo"}, []),
    ({"$schema": FOUR, "minimum": 1, "exclusiveMinimum": True, "maximum": 3, "exclusiveMaximum": False}, [1, 1.5, 3, 3.5]),
    ({"$schema": NINETEEN, "items": [{}, {}], "unevaluatedItems": False}, [[1, 2], [1, 2, 3]]),
    ({"$schema": NINETEEN, "properties": {"a": {"$recursiveRef": "#"}}, "additionalProperties": False}, [{"a": {"a": {}}}, {"a": {"b": 1}}]),
]

NAMES = ["a", "b", "foo", "bar", "x1"]


def document(rng: random.Random, depth: int = 0) -> Any:
    """A small document, likely to meet a schema of `schema` somewhere."""
    kind = rng.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind in (1, 2):
        return rng.choice([0, 1, 2, 3, -1, 5, 10, 0.5, 2.5, 1.0, 4.0])
    if kind in (3, 4, 5):
        return rng.choice(["", "a", "b", "ab", "foo", "x1", "abc", "2", "\u00e9\u00e9"])
    if kind == 6:
        return [document(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {name: document(rng, depth + 1) for name in rng.sample(NAMES, rng.randrange(4))}


def schema(rng: random.Random, names: list[str], depth: int = 0) -> Any:
    """A schema of up to four keywords that are likely to agree with each other."""
    if depth > 3 or rng.random() < 0.08:
        return rng.choice([True, False, {}, {"type": "integer"}, {"type": "string"}, {"const": 1}])

    def sub() -> Any:
        return schema(rng, names, depth + 1)

    def subs() -> list[Any]:
        return [sub() for _ in range(rng.randrange(1, 4))]

    def low() -> int:
        return rng.randrange(3)

    def some() -> list[str]:
        return rng.sample(NAMES, rng.randrange(1, 3))

    makers = {
        "type": lambda: rng.choice(["integer", "number", "string", "array", "object", "null", "boolean", ["integer", "string"], ["object", "array"]]),
        "enum": lambda: [document(rng, 2) for _ in range(rng.randrange(1, 5))],
        "const": lambda: document(rng, 2),
        "minimum": low, "maximum": lambda: low() + 2, "exclusiveMinimum": low, "exclusiveMaximum": lambda: low() + 3,
        "multipleOf": lambda: rng.choice([1, 2, 0.5, 2.5]),
        "minLength": low, "maxLength": low,
        "pattern": lambda: rng.choice(["^a", "b$", "^[a-z]+$", "o{2}", "^(a|foo)?$", "\\d", "^[a-z0-9]{1,2}$", "[^a]"]),
        "minItems": low, "maxItems": low, "uniqueItems": lambda: rng.random() < 0.8,
        "items": sub, "prefixItems": subs, "contains": sub, "minContains": low, "maxContains": low, "unevaluatedItems": sub,
        "minProperties": low, "maxProperties": low, "required": some,
        "properties": lambda: {name: sub() for name in some()},
        "patternProperties": lambda: {rng.choice(["^a", "o", "\\d$", "."]): sub()},
        "additionalProperties": sub, "propertyNames": lambda: rng.choice([{"maxLength": 2}, {"pattern": "^[a-f]"}, {"enum": NAMES[:3]}]),
        "unevaluatedProperties": sub,
        "dependentRequired": lambda: {rng.choice(NAMES): some()}, "dependentSchemas": lambda: {rng.choice(NAMES): sub()},
        "allOf": subs, "anyOf": subs, "oneOf": subs, "not": sub, "if": sub, "then": sub, "else": sub,
        "$ref": lambda: "#/$defs/" + rng.choice(names),
    }
    chosen = rng.sample(sorted(makers), rng.randrange(1, 5))
    if "if" in chosen and rng.random() < 0.8:
        chosen += ["then", "else"]
    return {keyword: makers[keyword]() for keyword in dict.fromkeys(chosen)}


def generated(rng: random.Random) -> tuple[Any, list[Any]]:
    # Definitions refer to earlier ones only, so that no reference turns in a circle.
    made: dict[str, Any] = {"n0": {"type": "integer"}}
    for index in range(1, 3):
        made[f"n{index}"] = schema(rng, list(made), depth=2)
    root = schema(rng, list(made))
    if isinstance(root, bool):
        root = {"anyOf": [root]}
    return {**root, "$defs": made}, [document(rng) for _ in range(14)]


def verdicts() -> list[dict[str, Any]]:
    rng = random.Random(SEED)
    table = [(schema, EVERYTHING + documents) for schema, documents in BY_KEYWORD]
    table += [(schema, EVERYTHING + documents) for schema, documents in OLDER]
    table += [generated(rng) for _ in range(GENERATED)]
    lines = []
    for schema_, documents in table:
        validator = validator_for(schema_, default=Draft202012Validator)(schema_)
        cases = [[document_, validator.is_valid(document_)] for document_ in documents]
        lines.append({"schema": schema_, "cases": cases})
    return lines


def text() -> str:
    """The file's content: one schema a line."""
    return "[\n" + ",\n".join(json.dumps(line, separators=(",", ":")) for line in verdicts()) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(text())
    made = json.loads(FILE.read_text())
    cases = [case for line in made for case in line["cases"]]
    print(f"{len(made)} schemas, {len(cases)} documents, {sum(case[1] for case in cases)} of them valid")

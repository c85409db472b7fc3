#!/usr/bin/env python3
"""Write a tiny, random-weight GGUF model for tests of a local llama.cpp runtime.

The file is a complete "llama" architecture model (tokenizer, chat template,
all tensors), about 2 MB, so `llama-server` loads it in well under a second on
any machine. The weights are random: the text it produces is a meaningless but
printable run of common English words. It is a fixture for process supervision,
streaming, token accounting, JSON-schema and embedding tests; it is not a
language model.

Needs:   pip install gguf numpy        (tested with gguf 0.19, numpy 2.4)
Usage:   python3 make_tiny_gguf.py tiny.gguf
         python3 make_tiny_gguf.py --pooling mean tiny-embed.gguf

The same arguments give the same bytes with the same gguf and numpy versions.

With those versions the default file has 1 760 992 bytes and the sha256
c5232702238fba10408b4ff5278afab263a6ae76fefe6b0a29259ae3e9f44f43; tests count its
tokens exactly (a user message "hello" is 25 prompt tokens).

What llama.cpp needs in such a file is recorded next to the code that writes it.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

# SentencePiece marks "a space comes before this piece" with U+2581.
SPACE = "\u2581"

WORDS = (
    "the of and to in is it for on with as at by from this that be are was has "
    "not or but can will one two three red blue green small large open close "
    "start stop read write send wait take give make find keep left right up "
    "down over under now then here there day night sun rain river stone tree "
    "bird fish hand word line page note light sound north south"
).split()

# ChatML, with the tools, earlier calls and tool results kept in the prompt, so
# tool requests count towards prompt_tokens. Random weights never write a call of
# their own, not even with tool_choice "required"; test call parsing elsewhere.
CHAT_TEMPLATE = r"""
{%- if tools %}
{{- '<|im_start|>system\nTools:\n' }}
{%- for tool in tools %}
{{- tool | tojson + '\n' }}
{%- endfor %}
{{- 'Call one as <tool_call>{"name": ..., "arguments": ...}</tool_call><|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\n' }}
{%- if message.content %}
{{- message.content }}
{%- endif %}
{%- if message.tool_calls %}
{%- for call in message.tool_calls %}
{{- '<tool_call>{"name": "' + call.function.name + '", "arguments": ' + (call.function.arguments | tojson) + '}</tool_call>' }}
{%- endfor %}
{%- endif %}
{{- '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\n' }}
{%- endif %}
""".lstrip()

POOLING = {
    "mean": gguf.PoolingType.MEAN,
    "cls": gguf.PoolingType.CLS,
    "last": gguf.PoolingType.LAST,
}


@dataclass(frozen=True)
class Shape:
    """Sizes of the network. Every product below stays far under 4 MB."""

    ctx: int = 4096       # trained context length the file claims
    embd: int = 128       # hidden size, and the length of an embedding vector
    layers: int = 2
    heads: int = 4        # head size = embd / heads = 32
    kv_heads: int = 2     # grouped-query attention, as real llama models have
    ff: int = 256

    @property
    def head_dim(self) -> int:
        return self.embd // self.heads


@dataclass
class Vocab:
    pieces: list[bytes]
    scores: list[float]
    types: list[int]
    speakable: list[int]  # ids that may win a plain (unconstrained) sampling step
    bos: int
    eos: int
    unk: int


def build_vocab() -> Vocab:
    """A SentencePiece-style vocabulary with byte fallback.

    Order: specials, the 256 byte tokens (they make every UTF-8 string
    tokenizable), printable ASCII, then words with all their prefixes.
    The prefixes are there because the SPM tokenizer joins neighbours
    step by step: "▁" + "t" -> "▁t" + "h" -> "▁th" + "e" -> "▁the".
    """
    pieces: list[bytes] = []
    scores: list[float] = []
    types: list[int] = []
    index: dict[str, int] = {}

    def add(text: str, kind: gguf.TokenType, score: float = 0.0) -> int:
        if text in index:
            return index[text]
        index[text] = len(pieces)
        pieces.append(text.encode("utf-8"))
        scores.append(score)
        types.append(int(kind))
        return index[text]

    unk = add("<unk>", gguf.TokenType.UNKNOWN)
    bos = add("<s>", gguf.TokenType.CONTROL)
    add("</s>", gguf.TokenType.CONTROL)
    add("<|im_start|>", gguf.TokenType.CONTROL)
    eos = add("<|im_end|>", gguf.TokenType.CONTROL)

    for value in range(256):
        add(f"<0x{value:02X}>", gguf.TokenType.BYTE)

    for code in range(0x21, 0x7F):
        add(chr(code), gguf.TokenType.NORMAL, -1000.0)
    add(SPACE, gguf.TokenType.NORMAL, -1000.0)

    speakable: list[int] = []
    for word in WORDS:
        piece = SPACE + word
        for end in range(2, len(piece) + 1):
            # A longer piece gets a higher score, so it is joined first.
            add(piece[:end], gguf.TokenType.NORMAL, -100.0 + end)
        speakable.append(index[piece])

    return Vocab(pieces, scores, types, sorted(set(speakable)), bos, eos, unk)


def build_tensors(shape: Shape, vocab: Vocab, seed: int) -> dict[str, np.ndarray]:
    """All tensors the llama graph asks for; numpy shape is (rows, columns).

    GGUF stores dimensions the other way round, so a (vocab, embd) array shows
    up in llama.cpp as [embd, vocab]. 1-D (norm) tensors must stay float32.
    """
    rng = np.random.default_rng(seed)

    def matrix(rows: int, cols: int, std: float) -> np.ndarray:
        return (rng.standard_normal((rows, cols)) * std).astype(np.float32)

    count = len(vocab.pieces)
    kv = shape.kv_heads * shape.head_dim

    # Rows of zero give a logit of exactly 0. The spoken words and the end
    # token have random logits around it, so with the default top-k of 40 only
    # they are ever drawn; bytes and punctuation appear only under a grammar.
    output = np.zeros((count, shape.embd), dtype=np.float32)
    for token in [*vocab.speakable, vocab.eos]:
        output[token] = matrix(1, shape.embd, 0.5)[0]

    tensors: dict[str, np.ndarray] = {
        "token_embd.weight": matrix(count, shape.embd, 1.0),
        "output_norm.weight": np.ones(shape.embd, dtype=np.float32),
        "output.weight": output,
    }
    for layer in range(shape.layers):
        name = f"blk.{layer}."
        std = 1.0 / np.sqrt(shape.embd)
        tensors |= {
            name + "attn_norm.weight": np.ones(shape.embd, dtype=np.float32),
            name + "attn_q.weight": matrix(shape.embd, shape.embd, std),
            name + "attn_k.weight": matrix(kv, shape.embd, std),
            name + "attn_v.weight": matrix(kv, shape.embd, std),
            name + "attn_output.weight": matrix(shape.embd, shape.embd, std),
            name + "ffn_norm.weight": np.ones(shape.embd, dtype=np.float32),
            name + "ffn_gate.weight": matrix(shape.ff, shape.embd, std),
            name + "ffn_up.weight": matrix(shape.ff, shape.embd, std),
            name + "ffn_down.weight": matrix(shape.embd, shape.ff, std),
        }
    return tensors


def write_model(path: Path, seed: int, name: str, pooling: str | None) -> None:
    shape = Shape()
    vocab = build_vocab()
    writer = gguf.GGUFWriter(str(path), "llama")

    # Network description (keys "llama.*"). Without these the load fails.
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(shape.ctx)
    writer.add_embedding_length(shape.embd)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.ff)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_vocab_size(len(vocab.pieces))
    if pooling is not None:
        # Lets /v1/embeddings work without a --pooling flag on the server.
        writer.add_pooling_type(POOLING[pooling])

    # Tokenizer (keys "tokenizer.ggml.*"). "llama" means SentencePiece.
    writer.add_tokenizer_model("llama")
    writer.add_token_list(vocab.pieces)
    writer.add_token_scores(vocab.scores)
    writer.add_token_types(vocab.types)
    writer.add_bos_token_id(vocab.bos)
    writer.add_eos_token_id(vocab.eos)
    writer.add_unk_token_id(vocab.unk)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    for tensor_name, data in build_tensors(shape, vocab, seed).items():
        writer.add_tensor(tensor_name, data)

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--name", default="tiny-random-llama")
    parser.add_argument("--pooling", choices=sorted(POOLING), default=None)
    args = parser.parse_args(argv)

    args.output.parent.mkdir(parents=True, exist_ok=True)
    write_model(args.output, args.seed, args.name, args.pooling)
    data = args.output.read_bytes()
    print(f"{args.output}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

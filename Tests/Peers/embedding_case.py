"""What the tests of embeddings share: one upstream that speaks both forms, and one gateway in front of it.

Models are called `openai/…` and `ollama/…` after the form in which the upstream is asked. Needs the standard
library only.
"""

from __future__ import annotations

import unittest

from harness import Martlet
from scripted_embeddings import ScriptedEmbeddings
from surface_case import UPSTREAM_KEY, account, model

FORMS = ("openai", "ollama")
MODELS = {"openai": ("words", "stubborn", "refuse"), "ollama": ("words", "refuse")}


class EmbeddingCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.upstream = cls.enterClassContext(ScriptedEmbeddings())
        parts = [
            "version = 1",
            account("openai", "openai_compatible", cls.upstream.base_url),
            account("ollama", "ollama", cls.upstream.root_url),
        ]
        parts += [model(f"{form}/{name}", {form: name}) for form in FORMS for name in MODELS[form]]
        env = {"UPSTREAM_KEY": UPSTREAM_KEY}
        cls.martlet = cls.enterClassContext(Martlet("\n".join(parts) + "\n", env))

    def setUp(self) -> None:
        self.upstream.forget()

"""Scripted models that drive command-line agents through one small task, one module a dialect; see `task.py`."""

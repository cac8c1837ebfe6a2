"""Identifiers."""

from __future__ import annotations

import re


def split_words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9]+", text)

"""The last line of a generation's message: the hash of the journal's last line when it was recorded."""

from __future__ import annotations

TRAILER = "Journal"


def anchored(message: str, head: str) -> str:
    """``message`` with the hash ``head``."""
    return f"{message.rstrip()}\n\n{TRAILER}: {head}"


def said(message: str) -> str:
    """``message`` without it."""
    text, _, last = message.rstrip().rpartition("\n")
    return text.rstrip() if last.startswith(f"{TRAILER}: ") else message.strip()

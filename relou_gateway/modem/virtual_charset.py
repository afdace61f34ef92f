"""Texts on the AT line: written as the client chose with AT+CSCS (27.007 ch. 5.5, 7.15)."""

from __future__ import annotations

from . import septets

GSM_CODING, UCS2_CODING = 15, 72
"""Cell broadcast data coding schemes of a +CUSD line (23.038 ch. 5)."""


def write_text(text: str, charset: str) -> str:
    """Return the quoted text of a +CUSD line and its coding scheme, each octet as one character.

    What GSM-7 cannot write goes as UCS-2 whatever the charset, as real modems do it.
    """
    if charset == "UCS2" or not septets.is_gsm7(text):
        coding = GSM_CODING if septets.is_gsm7(text) else UCS2_CODING
        return f'"{text.encode("utf-16-be").hex().upper()}",{coding}'
    written = septets.encode(text).decode("latin-1") if charset == "GSM" else _ascii(text)
    return f'"{written}",{GSM_CODING}'


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")

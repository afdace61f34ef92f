"""Texts on the AT line: written as the client chose with AT+CSCS (27.007 ch. 5.5)."""

from __future__ import annotations

from . import septets

CHARSETS = ("GSM", "IRA", "UCS2")

GSM_CODING, UCS2_CODING = 15, 72
"""Cell broadcast data coding schemes of a +CUSD line (23.038 ch. 5)."""


def write(text: str, charset: str) -> str:
    """Return `text` as it stands on the line, each octet as one character.

    What the charset lacks becomes a question mark.
    """
    if charset == "UCS2":
        return text.encode("utf-16-be", "surrogatepass").hex().upper()
    if charset == "IRA":
        return text.encode("ascii", "replace").decode("ascii")
    known = "".join(character if septets.is_gsm7(character) else "?" for character in text)
    return septets.encode(known).decode("latin-1")


def write_ussd(text: str, charset: str) -> str:
    """Return the quoted text of a +CUSD line with its coding scheme.

    A text that GSM-7 cannot write goes as UCS-2 whatever the charset, as real modems do it.
    """
    if septets.is_gsm7(text):
        return f'"{write(text, charset)}",{GSM_CODING}'
    return f'"{write(text, "UCS2")}",{UCS2_CODING}'

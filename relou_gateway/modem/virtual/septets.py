"""The GSM 7-bit default alphabet and its packing into octets (3GPP 23.038).

This is the virtual modem's own codec. The gateway speaks to modems through libGammu's; the
two are held against each other in the tests, because one codec on both sides would hide
its faults.
"""

from __future__ import annotations

from collections.abc import Iterable

DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Character of each septet, table of 6.2.1. 0x1B is no character but the escape."""

EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""Character of the septet after an escape, table of 6.2.1.1."""

ESCAPE = 0x1B

_SEPTETS = {character: bytes([septet]) for septet, character in enumerate(DEFAULT) if septet != ESCAPE}
_SEPTETS |= {character: bytes([ESCAPE, septet]) for septet, character in EXTENSION.items()}


def is_gsm7(text: str) -> bool:
    """Tell whether every character of `text` is of the alphabet or its extension."""
    return all(character in _SEPTETS for character in text)


def encode(text: str) -> bytes:
    """Return the septets of `text`, one in each byte; raise ValueError for other characters."""
    try:
        return b"".join(_SEPTETS[character] for character in text)
    except KeyError as unknown:
        raise ValueError(f"not in the GSM 7-bit alphabet: {unknown.args[0]!r}") from unknown


def decode(septets: Iterable[int]) -> str:
    """Return the text of `septets`; an unknown extension reads as its plain character (6.2.1.1)."""
    text = []
    escaped = False
    for septet in septets:
        if septet == ESCAPE and not escaped:
            escaped = True
            continue
        plain = " " if septet == ESCAPE else DEFAULT[septet]
        text.append(EXTENSION.get(septet, plain) if escaped else plain)
        escaped = False
    return "".join(text)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Pack septets into octets, lowest bits first, after `fill_bits` zero bits (6.1.2.1)."""
    bits = 0
    for place, septet in enumerate(septets):
        bits |= septet << (fill_bits + 7 * place)
    return bits.to_bytes((fill_bits + 7 * len(septets) + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Return the first `count` septets that `octets` hold after `fill_bits` bits.

    Raises ValueError where the octets hold fewer.
    """
    if fill_bits + 7 * count > 8 * len(octets):
        raise ValueError(f"{len(octets)} octets do not hold {count} septets")
    bits = int.from_bytes(octets, "little") >> fill_bits
    return bytes((bits >> (7 * place)) & 0x7F for place in range(count))

"""The two hashes of the ledger: over what a message says, and over a row and the one before it."""

from __future__ import annotations

import hashlib


def content_hash(salt: bytes, number: str, text: str, raw: bytes | None) -> bytes:
    """Return SHA-256 over the salt and what a message says, each field with its length."""
    digest = hashlib.sha256(salt)
    for field in (number.encode(), text.encode(), raw or b""):
        digest.update(len(field).to_bytes(4))
        digest.update(field)
    return digest.digest()


def chain_hash(previous: bytes, *fields: int | str | bytes | None) -> bytes:
    """Return the hash of a ledger row: SHA-256 over the row before and each field, typed and sized."""
    digest = hashlib.sha256(previous)
    for field in fields:
        encoded = field if isinstance(field, bytes) else str(field).encode()
        digest.update(f"{type(field).__name__}:{len(encoded)}:".encode())
        digest.update(encoded)
    return digest.digest()

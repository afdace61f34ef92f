"""Is the modem still plugged in? Asked of its path alone, which costs nothing and cannot hang."""

from __future__ import annotations

from pathlib import Path


def seen_at(path: str) -> tuple[int, ...]:
    """Return what tells the device at `path` from any other that comes there later; () for none.

    A link leads to another device once the modem came back under another name; a device node
    that was made anew has another inode.
    """
    try:
        node = Path(path).stat()
    except OSError:
        return ()
    return (node.st_dev, node.st_ino, node.st_rdev)


class Plug:
    """The device that was at `path` when this was made."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._seen = seen_at(path)

    @property
    def pulled(self) -> bool:
        """Whether the device was there and is not any more, or another one is in its place."""
        return bool(self._seen) and seen_at(self.path) != self._seen

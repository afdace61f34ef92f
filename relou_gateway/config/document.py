"""A YAML file as a small tree of texts that knows its lines.

PyYAML gives the events and this module builds the tree, because three things must be known
that its own trees hide: that a scalar is text (`NO`, `0123`, `12:30` mean what they say),
where a tag stood, and how large the aliases would unfold. Nothing here recurses as deep as
a file wants it to. Its records are named tuples, like those of `kinds`: they are made four times as
fast as frozen dataclasses, and every verb waits for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from .faults import ConfigError, Fault

MOST_BYTES = 256 * 1024
MOST_NODES = 10_000
"""After aliases are unfolded, so that nine lines cannot become a billion values."""
MOST_LEVELS = 12


class ScalarNode(NamedTuple):
    """A text. `plain` says that it stood without quotes, so that `null` is none."""

    line: int
    text: str
    plain: bool

    @property
    def size(self) -> int:
        """How many nodes it counts for; a long text takes as long to read as many short ones."""
        return 1 + len(self.text) // 64


class ListNode(NamedTuple):
    """A list; `size` counts all nodes in it, this one included."""

    line: int
    items: tuple[Node, ...]
    size: int


class MappingNode(NamedTuple):
    """Keys and values in the file's order, duplicates and all."""

    line: int
    entries: tuple[tuple[Node, Node], ...]
    size: int


Node = ScalarNode | ListNode | MappingNode


class Place(NamedTuple):
    """One value in the file, and the dotted name by which faults call it."""

    path: Path | None
    node: Node
    key: str = ""

    def fault(self, message: str) -> Fault:
        """Return a fault at this place."""
        return Fault(self.path, self.node.line, self.key or None, message)

    def error(self, message: str) -> ConfigError:
        """Return a fault at this place, to be raised."""
        return ConfigError(self.fault(message))

    @property
    def is_null(self) -> bool:
        """Whether nothing stands here: `null`, `~` or no text at all, without quotes."""
        node = self.node
        return isinstance(node, ScalarNode) and node.plain and node.text in {"", "~", "null", "Null", "NULL"}

    def found(self) -> str:
        """Return what stands here in a few words, escaped and cut short, for a fault."""
        match self.node:
            case ListNode():
                return "a list"
            case MappingNode():
                return "a mapping"
            case ScalarNode(text=text):
                return "nothing" if self.is_null else quoted(text)

    def items(self) -> Iterator[Place]:
        """Yield the places of a list; none for anything else."""
        if isinstance(self.node, ListNode):
            for index, item in enumerate(self.node.items):
                yield Place(self.path, item, f"{self.key}[{index}]")

    def entries(self) -> Iterator[tuple[Place, str | None, Place]]:
        """Yield each entry of a mapping: the key's place, its text (None: not a text), the value's place."""
        if isinstance(self.node, MappingNode):
            for key, value in self.node.entries:
                name = key.text if isinstance(key, ScalarNode) else None
                dotted = f"{self.key}.{name}" if self.key else name
                yield Place(self.path, key, self.key), name, Place(self.path, value, dotted or self.key)

    def below(self, dotted: str) -> Place | None:
        """Return the place of a key such as "replies.texts[0]" below this one, None if it is not given."""
        place: Place | None = self
        for name, index in _STEP.findall(dotted):
            if place is None:
                return None
            if index:
                place = next((item for item in place.items() if item.key.endswith(f"[{index}]")), None)
            else:
                place = next((value for _, found, value in place.entries() if found == name), None)
        return place


_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")


def quoted(text: str) -> str:
    """Return `text` between quotes on one line, escaped and cut short."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def read(path: Path) -> Place:
    """Return the root of the file at `path`; an empty file is an empty mapping.

    Raises ConfigError: cannot be read, not UTF-8, broken YAML, tags, too large, too deep.
    """
    return parse(text_of(path), path)


def text_of(path: Path) -> str:
    """Return what the file at `path` says; raises ConfigError: cannot be read, not UTF-8, too large."""
    return _decode(path, _read_bytes(path))


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(Fault(path, None, None, "there is no such file")) from None
    except IsADirectoryError:
        raise ConfigError(Fault(path, None, None, "this is a directory; name the file in it")) from None
    except PermissionError:
        message = "may not be read by this user; change its owner or mode, or use sudo"
        raise ConfigError(Fault(path, None, None, message)) from None
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(Fault(path, None, None, f"cannot be read: {reason}")) from None
    if len(content) > MOST_BYTES:
        message = f"larger than {MOST_BYTES // 1024} KiB; this is hardly a configuration"
        raise ConfigError(Fault(path, None, None, message))
    return content


def _decode(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ConfigError(Fault(path, line, None, message)) from None


def parse(text: str, path: Path | None = None) -> Place:
    """Return the root of the YAML document `text`; raises ConfigError as `read` does."""
    tree = _Tree(path)
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            tree.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise ConfigError(*tree.faults, Fault(path, line, None, _told(error))) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"the character {_code_point(error.character)} must not stand in YAML; remove it"
        raise ConfigError(*tree.faults, Fault(path, line, None, message)) from None
    if tree.faults:
        raise ConfigError(*tree.faults)
    return Place(path, tree.root or MappingNode(1, (), 1))


def _told(error: yaml.MarkedYAMLError) -> str:
    parts = ("not YAML", error.context, error.problem)
    return ": ".join(part.strip() for part in parts if part)


def _code_point(character: int | str) -> str:
    return f"U+{character if isinstance(character, int) else ord(character):04X}"


class _Open(NamedTuple):
    """A list or mapping whose end is not seen yet; of a mapping, keys and values in turn."""

    line: int
    anchor: str | None
    is_mapping: bool
    children: list[Node]

    def close(self) -> ListNode | MappingNode:
        size = 1 + sum(child.size for child in self.children)
        if self.is_mapping:
            keys, values = self.children[::2], self.children[1::2]
            return MappingNode(self.line, tuple(zip(keys, values, strict=True)), size)
        return ListNode(self.line, tuple(self.children), size)


class _Tree:
    """Builds the tree out of PyYAML's events; faults that are no end are collected."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}

    def take(self, event: yaml.Event) -> None:
        """Take the next event; raises ConfigError where nothing sensible could follow."""
        assert event.start_mark is not None
        line = event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent() if self.root is not None:
                raise self._end(line, "a second document begins here; one file holds one configuration")
            case yaml.ScalarEvent():
                self._no_tag(event.tag, line)
                self._add(ScalarNode(line, event.value, plain=not event.style), event.anchor)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._no_tag(event.tag, line)
                self._begin(_Open(line, event.anchor, isinstance(event, yaml.MappingStartEvent), []))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                ended = self._open.pop()
                self._add(ended.close(), ended.anchor)
            case yaml.AliasEvent():
                self._add(self._unfold(event.anchor or "", line), None)

    def _end(self, line: int, message: str) -> ConfigError:
        return ConfigError(*self.faults, Fault(self.path, line, None, message))

    def _no_tag(self, tag: str | None, line: int) -> None:
        if tag not in {None, "!"}:
            message = "a tag (!…) stands here; every type is known already, remove the tag"
            self.faults.append(Fault(self.path, line, None, message))

    def _begin(self, opened: _Open) -> None:
        self._open.append(opened)
        if len(self._open) > MOST_LEVELS:
            raise self._end(opened.line, f"nested deeper than {MOST_LEVELS} levels")

    def _unfold(self, anchor: str, line: int) -> Node:
        if anchor not in self._anchors:
            raise self._end(line, "an alias (*…) of something that is not complete before it")
        return self._anchors[anchor]._replace(line=line)

    def _add(self, node: Node, anchor: str | None) -> None:
        if node.size > MOST_NODES:
            raise self._end(node.line, f"more than {MOST_NODES} values, aliases unfolded")
        if anchor is not None:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node

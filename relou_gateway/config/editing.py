"""Changing single keys of a configuration that people wrote, and nothing else in it.

Comments, order and style stay: a value is replaced where it stands, a key that is not there is added at
the end of its section. Whether the result means what was wanted is for the caller to see: he reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from . import writing
from .kinds import Plain, Record
from .schema import ROOT

Values = Mapping[str, Mapping[str, Any]]
"""What is to be set: by section, then by key."""


class CannotEdit(ValueError):
    """The file is written in a way in which single keys cannot be changed by machine."""


class _Edit(NamedTuple):
    """`text` is to stand in place of what stands from `begin` to `end`, both counted in characters."""

    begin: int
    end: int
    text: str


def edited(text: str, values: Values) -> str:
    """Return the YAML document `text` with `values` in it; raises CannotEdit."""
    if text and not text.endswith("\n"):
        text += "\n"
    root = _root(text)
    edits = [edit for name, keys in values.items() for edit in _section(text, root, name, keys)]
    for edit in reversed(sorted(edits, key=lambda edit: edit.begin)):  # noqa: C413 - equals the other way round
        text = text[: edit.begin] + edit.text + text[edit.end :]
    return text


def _root(text: str) -> MappingNode | None:
    """Return the document's mapping, None for an empty one; its nodes know where they stand."""
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise CannotEdit("not YAML") from error
    if root is not None and (not isinstance(root, MappingNode) or root.flow_style):
        raise CannotEdit("the whole is no block mapping")
    return root


def _section(text: str, root: MappingNode | None, name: str, values: Mapping[str, Any]) -> Iterator[_Edit]:
    found = _value(root, name)
    if found is None:
        lines = "\n".join(writing.section(name, values))
        yield _Edit(len(text), len(text), f"\n{lines}\n")
        return
    if not isinstance(found, MappingNode):
        raise CannotEdit(f"{name} is no mapping")
    missing = {}
    for key, value in values.items():
        node = _value(found, key)
        if node is None:
            missing[key] = value
        else:
            yield _replaced(text, node, _written(name, key, value))
    if missing:
        yield _added(text, found, name, missing)


def _value(mapping: MappingNode | None, name: str) -> Node | None:
    """Return the value of a key that stands there once."""
    entries = [] if mapping is None else mapping.value
    found = [value for key, value in entries if isinstance(key, ScalarNode) and key.value == name]
    if len(found) > 1:
        raise CannotEdit(f"{name} stands there twice")
    return found[0] if found else None


def _written(section: str, name: str, value: object) -> Plain:
    record = next(each.kind for each in ROOT.keys if each.name == section)
    assert isinstance(record, Record)
    return next(key for key in record.keys if key.name == name).kind.write(value)


def _replaced(text: str, node: Node, written: Plain) -> _Edit:
    begin = node.start_mark.index
    end = max(begin, _end(text, node))
    if isinstance(node, SequenceNode) and not node.flow_style and isinstance(written, list) and written:
        indent = "\n" + " " * node.start_mark.column
        return _Edit(begin, end, indent.join(f"- {writing.flow(item)}" for item in written))
    blank = " " if text[begin - 1 : begin] == ":" else ""
    return _Edit(begin, end, blank + writing.flow(written))


def _end(text: str, node: Node) -> int:
    """Return where a value ends, without the blanks and comments that PyYAML counts in."""
    if isinstance(node, SequenceNode | MappingNode) and not node.flow_style:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    return len(text[:end].rstrip()) if end > node.start_mark.index else end


def _added(text: str, section: MappingNode, name: str, values: Mapping[str, Any]) -> _Edit:
    """Add keys at the end of their section, with the sentences that the example has."""
    end = _end(text, section)
    if section.flow_style:
        added = ", ".join(
            f"{key}: {writing.flow(_written(name, key, value))}" for key, value in values.items()
        )
        return _Edit(end - 1, end - 1, f", {added}" if section.value else added)
    line_end = text.find("\n", end)
    place = len(text) if line_end < 0 else line_end
    indent = " " * section.start_mark.column
    return _Edit(place, place, "".join(f"\n{line}" for line in writing.entries(name, values, indent)))

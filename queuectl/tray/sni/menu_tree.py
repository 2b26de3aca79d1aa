"""A menu as numbered items, and what differs from the one before. Pure: no D-Bus here.

Ids are given once and never again, and an item keeps its own while it is shown: only so does an open menu change in
place. Hosts read some properties only when they make an item (a separator, a submenu, a check mark), so an entry that
changes its kind becomes another item.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from queuectl.tray.backend import Entry

ROOT = 0
REMEMBERED_MAX = 5000
"""Ids that are remembered for entries gone; jobs come and go in the menu for as long as the app lives."""

TYPES = {
    "type": "s",
    "label": "s",
    "enabled": "b",
    "visible": "b",
    "children-display": "s",
    "toggle-type": "s",
    "toggle-state": "i",
}
"""D-Bus signature of each property."""

Properties = Mapping[str, str | bool | int]
Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """An entry with its number, what is told of it, and the numbers of its children."""

    entry: Entry | None
    properties: Properties
    children: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What differs: properties of items that stay, and the smallest parents with other children than before."""

    properties: Mapping[int, Properties]
    parents: Sequence[int]


class MenuTree:
    """The items of a menu by number; 0 is the menu itself."""

    def __init__(self) -> None:
        self.items: dict[int, Item] = {}
        self._ids: dict[Path, int] = {}
        self._last_id = ROOT
        self._submenus: set[Path] = set()
        self.replace(())

    def replace(self, entries: Sequence[Entry]) -> Change:
        """Take over a new menu and return what differs from the one before."""
        before, self.items = self.items, {}
        shown: dict[Path, int] = {}
        children = tuple(self._add(entries, (), shown))
        self.items[ROOT] = Item(entry=None, properties={"children-display": "submenu"}, children=children)
        if len(self._ids) > REMEMBERED_MAX:
            self._ids = shown
            self._submenus &= {path[:-1] for path in shown}
        return self._compare(before)

    def _add(self, entries: Sequence[Entry], parent: Path, shown: dict[Path, int]) -> Iterator[int]:
        seen: dict[str, int] = {}
        for entry in entries:
            # Two siblings of one name are a mistake, but no reason to show only one of them.
            count = seen[entry.key] = seen.get(entry.key, 0) + 1
            path = (*parent, entry.key if count == 1 else f"{entry.key}\0{count}")
            kind = self._kind(entry, path)
            number = shown[*path, kind] = self._id((*path, kind))
            children = tuple(self._add(entry.children, path, shown))
            self.items[number] = Item(entry=entry, properties=_properties(entry, kind), children=children)
            yield number

    def _kind(self, entry: Entry, path: Path) -> str:
        if entry.separator:
            return "separator"
        # A submenu that runs empty stays one: "Running jobs" must not be rebuilt each time the last job ends.
        if entry.children or (path in self._submenus and entry.act is None):
            self._submenus.add(path)
            return "submenu"
        if entry.checked is not None:
            return "radio" if entry.radio else "checkmark"
        return "plain"

    def _id(self, path: Path) -> int:
        if path not in self._ids:
            self._last_id += 1
            self._ids[path] = self._last_id
        return self._ids[path]

    def _compare(self, before: Mapping[int, Item]) -> Change:
        properties: dict[int, Properties] = {}
        for number, item in self.items.items():
            if number in before and item.properties != before[number].properties:
                old = before[number].properties
                properties[number] = {name: value for name, value in item.properties.items() if value != old[name]}
        return Change(properties=properties, parents=tuple(self._changed_parents(ROOT, before)))

    def _changed_parents(self, number: int, before: Mapping[int, Item]) -> Iterator[int]:
        if number not in before:
            return
        if self.items[number].children != before[number].children:
            yield number
            return
        for child in self.items[number].children:
            yield from self._changed_parents(child, before)


def _properties(entry: Entry, kind: str) -> Properties:
    if kind == "separator":
        return {"type": "separator", "visible": True}
    properties: dict[str, str | bool | int] = {
        # An underscore would mark an access key. GTK shows "Label Empty" for an empty one.
        "label": entry.label.replace("_", "__") or " ",
        "enabled": entry.enabled,
        "visible": True,
    }
    if kind == "submenu":
        properties["children-display"] = "submenu"
    if kind in {"radio", "checkmark"}:
        properties["toggle-type"] = kind
        properties["toggle-state"] = int(bool(entry.checked))
    return properties

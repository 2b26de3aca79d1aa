"""The tray's menu on D-Bus: com.canonical.dbusmenu, version 3."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from dbus_fast import DBusError, ErrorType, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from queuectl.tray.backend import Entry
from queuectl.tray.sni.bus import clean
from queuectl.tray.sni.menu_tree import TYPES, MenuTree, Properties

Names = Annotated[list[str], DBusSignature("as")]
Ids = Annotated[list[int], DBusSignature("ai")]
Bag = dict[str, Variant]


class DbusMenu(ServiceInterface):
    """Serve a menu; ``clicked`` is called on the loop with the entry and its id."""

    def __init__(self, clicked: Callable[[Entry, int], None]) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._clicked = clicked
        self._tree = MenuTree()
        self._revision = 1

    def update(self, entries: Sequence[Entry]) -> None:
        """Take over a new menu and tell the hosts no more than what differs."""
        change = self._tree.replace(entries)
        if change.properties:
            self.items_properties_updated([[number, _bag(told)] for number, told in change.properties.items()])
        for parent in change.parents:
            self._revision += 1
            self.layout_updated(self._revision, parent)

    def repeat_mark(self, number: int) -> None:
        """Tell the check mark of an item again: some hosts flip it at a click, whatever came of that."""
        item = self._tree.items.get(number)
        if item is not None and "toggle-state" in item.properties:
            self.items_properties_updated([[number, _bag(item.properties, ["toggle-state"])]])

    @dbus_property(access=PropertyAccess.READ, name="Version")
    def version(self) -> DBusUInt32:
        """Return the version of the protocol."""
        return 3

    @dbus_property(access=PropertyAccess.READ, name="TextDirection")
    def text_direction(self) -> DBusStr:
        """Return where lines begin."""
        return "ltr"

    @dbus_property(access=PropertyAccess.READ, name="Status")
    def status(self) -> DBusStr:
        """Return how much the menu wants to be seen."""
        return "normal"

    @dbus_property(access=PropertyAccess.READ, name="IconThemePath")
    def icon_theme_path(self) -> Names:
        """Return where icons lie; there are none."""
        return []

    @dbus_method(name="GetLayout")
    def get_layout(
        self, parent: DBusInt32, depth: DBusInt32, names: Names
    ) -> Annotated[list[Any], DBusSignature("u(ia{sv}av)")]:
        """Return the revision, and an item with its children down to a depth, -1 for all."""
        self._item(parent)
        return [self._revision, self._layout(parent, depth, names)]

    @dbus_method(name="GetGroupProperties")
    def get_group_properties(self, ids: Ids, names: Names) -> Annotated[list[Any], DBusSignature("a(ia{sv})")]:
        """Return the properties of some items, or of all."""
        items = self._tree.items
        return [[number, _bag(items[number].properties, names)] for number in ids or items if number in items]

    @dbus_method(name="GetProperty")
    def get_property(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        """Return one property of one item."""
        value = _bag(self._item(number), [name]).get(name)
        if value is None:
            raise DBusError(ErrorType.INVALID_ARGS, f"item {number} has no property {name}")
        return value

    @dbus_method(name="Event")
    def event(self, number: DBusInt32, kind: DBusStr, _data: DBusVariant, _when: DBusUInt32) -> None:
        """Take note of what happened to an item."""
        self._happened(number, kind)

    @dbus_method(name="EventGroup")
    def event_group(self, events: Annotated[list[Any], DBusSignature("a(isvu)")]) -> Ids:
        """Take note of what happened to several items, and return those that are not there."""
        return [number for number, kind, _data, _when in events if not self._happened(number, kind)]

    @dbus_method(name="AboutToShow")
    def about_to_show(self, _number: DBusInt32) -> DBusBool:
        """Tell whether the menu must be fetched again before it opens; what changes is always told at once."""
        return False

    @dbus_method(name="AboutToShowGroup")
    def about_to_show_group(self, ids: Ids) -> Annotated[list[Any], DBusSignature("aiai")]:
        """Return which of the menus must be fetched again, and which are not there."""
        return [[], [number for number in ids if number not in self._tree.items]]

    @dbus_signal(name="LayoutUpdated")
    def layout_updated(self, revision: int, parent: int) -> Annotated[list[Any], DBusSignature("ui")]:
        """Say that an item has other children."""
        return [revision, parent]

    @dbus_signal(name="ItemsPropertiesUpdated")
    def items_properties_updated(
        self, updated: list[list[Any]]
    ) -> Annotated[list[Any], DBusSignature("a(ia{sv})a(ias)")]:
        """Say that items look different; none ever loses a property."""
        return [updated, []]

    def _happened(self, number: int, kind: str) -> bool:
        item = self._tree.items.get(number)
        # A menu on the screen may be older than what is known: what went away or was dimmed meanwhile is not done.
        if item is not None and kind == "clicked" and item.entry is not None and item.entry.enabled:
            self._clicked(item.entry, number)
        return item is not None

    def _item(self, number: int) -> Properties:
        if number not in self._tree.items:
            raise DBusError(ErrorType.INVALID_ARGS, f"there is no item {number}")
        return self._tree.items[number].properties

    def _layout(self, number: int, depth: int, names: Sequence[str]) -> list[Any]:
        item = self._tree.items[number]
        children = [] if depth == 0 else [self._layout(child, depth - 1, names) for child in item.children]
        return [number, _bag(item.properties, names), [Variant("(ia{sv}av)", child) for child in children]]


def _bag(properties: Properties, names: Sequence[str] = ()) -> Bag:
    return {
        name: Variant(TYPES[name], clean(value) if isinstance(value, str) else value)
        for name, value in properties.items()
        if not names or name in names
    }

"""The Linux tray's menu on a real bus: what it shows, what a click does, and how it changes while it is open."""

import logging
import threading

import pytest

from queuectl.errors import NotFound
from queuectl.tray.backend import Entry, Mood, Picture
from queuectl.tray.sni import SniTray
from tests.support import PATIENCE
from tests.tray.desktop import MENU, NO_DATA

NOTHING = Picture(mood=Mood.IDLE)


@pytest.fixture
def shown(desktop, show):
    """Give a function that shows a menu, and shows it changed when called again."""
    tray = SniTray(render=lambda picture, size: (size, size, bytes([picture.count]) * size * size * 4))

    def update(*entries):
        tray.update(picture=NOTHING, title="", menu=entries)

    update.tray = tray
    update.ready = lambda: show(tray).ready.wait(PATIENCE)
    return update


def jobs(*names, **more):
    """Return a submenu of jobs, each with what can be done to it."""
    children = [
        Entry(key=name, label=name, children=[Entry(key="cancel", label="Cancel"), Entry(key="log", label="Show log")])
        for name in names
    ]
    return Entry(key="running", label=f"Running jobs ({len(names)})", children=children, **more)


def outline(node):
    """Return labels and children."""
    return [(child.properties.get("label"), outline(child)) for child in node.children]


def test_entries_are_told_as_dbusmenu_has_them(desktop, shown):
    shown(
        Entry(key="status", label="idle", enabled=False),
        Entry(key="line", separator=True),
        jobs("a"),
        Entry(key="login", label="Start at login", checked=False),
        Entry(key="two", label="2_workers", checked=True, radio=True),
        Entry(key="empty"),
    )
    shown.ready()
    menu = desktop.menu()
    assert (menu.id, menu.properties) == (0, {"children-display": "submenu"})
    assert [child.properties for child in menu.children] == [
        {"label": "idle", "enabled": False, "visible": True},
        {"type": "separator", "visible": True},
        {"label": "Running jobs (1)", "enabled": True, "visible": True, "children-display": "submenu"},
        {"label": "Start at login", "enabled": True, "visible": True, "toggle-type": "checkmark", "toggle-state": 0},
        {"label": "2__workers", "enabled": True, "visible": True, "toggle-type": "radio", "toggle-state": 1},
        {"label": " ", "enabled": True, "visible": True},
    ]
    assert outline(menu)[2][1] == [("a", [("Cancel", []), ("Show log", [])])]


def test_a_host_may_ask_for_a_part(desktop, shown):
    shown(jobs("a"), Entry(key="quit", label="Quit"))
    shown.ready()
    running = desktop.entry("Running jobs (1)")
    assert outline(desktop.menu(depth=0)) == []
    assert outline(desktop.menu(depth=1)) == [("Running jobs (1)", []), ("Quit", [])]
    assert outline(desktop.menu(parent=running.id, depth=1)) == [("a", [])]
    assert desktop.menu(names=["enabled"], depth=1).children[0].properties == {"enabled": True}
    [some] = desktop.call(MENU, "GetGroupProperties", "aias", [running.id, 999], ["label"])
    assert [tuple(item) for item in some] == [(running.id, {"label": "Running jobs (1)"})]
    [everything] = desktop.call(MENU, "GetGroupProperties", "aias", [], [])
    assert len(everything) == 6
    assert desktop.call(MENU, "GetProperty", "is", running.id, "label") == ["Running jobs (1)"]
    assert desktop.call(MENU, "AboutToShow", "i", running.id) == [False]
    assert desktop.call(MENU, "AboutToShowGroup", "ai", [running.id, 999]) == [[], [999]]


def test_what_is_not_there_is_answered_with_an_error(desktop, shown):
    shown.ready()
    for member, signature, *body in (
        ("GetLayout", "iias", 999, -1, []),
        ("GetProperty", "is", 999, "label"),
        ("GetProperty", "is", 0, "label"),
    ):
        with pytest.raises(Exception, match=r"there is no item|has no property"):
            desktop.call(MENU, member, signature, *body)


def test_a_click_reaches_its_entry_at_every_level(desktop, shown):
    clicked = threading.Semaphore(0)
    names = []

    def act(name):
        return lambda: (names.append((name, threading.current_thread().name)), clicked.release())

    deepest = Entry(key="d", label="Deepest", act=act("deepest"))
    shown(
        Entry(key="t", label="Top", act=act("top")),
        Entry(key="s", label="Sub", children=[Entry(key="s", label="Sub", children=[deepest])]),
        Entry(key="c", label="Check", act=act("check"), checked=True),
    )
    shown.ready()
    for path in (["Top"], ["Sub", "Sub", "Deepest"], ["Check"]):
        desktop.click(*path)
        assert clicked.acquire(timeout=PATIENCE)
    assert [name for name, _thread in names] == ["top", "deepest", "check"]
    assert all(thread.startswith("queuectl-tray-") for _name, thread in names)
    top = desktop.entry("Top").id
    events = [[number, "clicked", NO_DATA, 0] for number in (top, 999)]
    [missing] = desktop.call(MENU, "EventGroup", "a(isvu)", events)
    assert clicked.acquire(timeout=PATIENCE)
    assert missing == [999]


def test_what_was_dimmed_or_has_gone_meanwhile_is_not_done(desktop, shown):
    done = threading.Event()
    shown(Entry(key="a", label="A", act=pytest.fail), Entry(key="b", label="B", act=pytest.fail))
    shown.ready()
    first, second = (desktop.entry(label).id for label in "AB")
    shown(Entry(key="a", label="A", act=pytest.fail, enabled=False), Entry(key="c", label="C", act=done.set))
    desktop.wait(lambda: desktop.signals("LayoutUpdated"))
    desktop.event(first)
    desktop.event(second)
    desktop.event(desktop.entry("C").id, "hovered")
    desktop.event(0, "opened")
    desktop.click("C")
    assert done.wait(PATIENCE)


def test_texts_marks_and_dimming_change_in_place(desktop, shown):
    def menu(count, *, paused):
        return (
            Entry(key="status", label=f"{count} running", enabled=False),
            Entry(key="pause", label="Pause", enabled=not paused),
            Entry(key="login", label="Start at login", checked=paused),
            Entry(key="sub", label="Sub", children=[Entry(key="deep", label=f"{count} deep")]),
        )

    shown(*menu(1, paused=False))
    shown.ready()
    before = desktop.menu()
    shown(*menu(2, paused=True))
    [[updated, removed]] = desktop.wait(lambda: desktop.signals("ItemsPropertiesUpdated"))
    status, pause, login, sub = before.children
    assert dict(updated) == {
        status.id: {"label": "2 running"},
        pause.id: {"enabled": False},
        login.id: {"toggle-state": 1},
        sub.children[0].id: {"label": "2 deep"},
    }
    assert removed == []
    assert desktop.signals("LayoutUpdated") == []
    after = desktop.menu()
    assert [child.id for child in after.children] == [child.id for child in before.children]
    assert after.revision == before.revision


def test_another_structure_is_told_for_the_smallest_parent(desktop, shown):
    shown(jobs("a", "b"), Entry(key="quit", label="Quit"))
    shown.ready()
    before = desktop.menu()
    running, quit_entry = before.children
    shown(jobs("b", "c"), Entry(key="quit", label="Quit"))
    [[revision, parent]] = desktop.wait(lambda: desktop.signals("LayoutUpdated"))
    assert parent == running.id
    assert revision > before.revision
    after = desktop.menu()
    assert after.revision == revision
    assert after.children[1].id == quit_entry.id
    assert after.children[0].children[0].id == running.children[1].id, "job b has kept its number"
    known = {running.id, *(child.id for child in running.children)}
    assert after.children[0].children[1].id not in known
    assert desktop.signals("ItemsPropertiesUpdated") == []


def test_nothing_is_told_of_what_has_not_changed(desktop, shown):
    shown(jobs("a"))
    shown.ready()
    shown(jobs("a"))
    shown(jobs("a"), Entry(key="end", label="End"))
    desktop.wait(lambda: desktop.signals("LayoutUpdated"))
    assert len(desktop.signals("LayoutUpdated")) == 1
    assert desktop.signals("ItemsPropertiesUpdated") == []


def test_a_mark_is_told_again_after_a_click_since_some_hosts_flip_it_themselves(desktop, shown):
    shown(Entry(key="login", label="Start at login", checked=True, act=lambda: None))
    shown.ready()
    number = desktop.entry("Start at login").id
    desktop.click("Start at login")
    [[updated, _]] = desktop.wait(lambda: desktop.signals("ItemsPropertiesUpdated"))
    assert [tuple(item) for item in updated] == [(number, {"toggle-state": 1})]


def test_a_callback_that_never_returns_holds_up_neither_the_menu_nor_the_end(desktop, shown):
    forever, done = threading.Event(), threading.Event()
    stuck = Entry(key="stuck", label="Stuck", act=forever.wait)
    shown(stuck, Entry(key="other", label="Other", act=done.set))
    shown.ready()
    desktop.click("Stuck")
    desktop.click("Other")
    assert done.wait(PATIENCE)
    shown.tray.stop()
    forever.set()


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (ValueError("the disk is <full>"), "the disk is &lt;full&gt;"),
        (NotFound("There is no job 7.", hint="See: queuectl list"), "There is no job 7.\nSee: queuectl list"),
        (KeyError(), "KeyError"),
    ],
)
def test_an_error_of_a_callback_is_logged_and_shown(desktop, shown, caplog, error, body):
    def fail():
        raise error

    shown(Entry(key="retry", label="Retry all", act=fail))
    shown.ready()
    with caplog.at_level(logging.ERROR, "queuectl.tray"):
        desktop.click("Retry all")
        told = desktop.notification()
    assert told.title == "Retry all: this failed"
    assert told.body == body
    assert told.hints["urgency"] == 2
    assert "Retry all" in caplog.text

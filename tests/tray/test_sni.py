"""The Linux tray on a real bus: the icon, its panel, its life."""

import signal
import struct
import subprocess
import sys
import threading
import time

import pytest

from queuectl.tray.backend import Entry, Mood, Notification, Picture, TrayUnavailable
from queuectl.tray.sni import SniTray
from tests.support import PATIENCE
from tests.tray.desktop import ITEM, MENU, PROPERTIES, WATCHER, Desktop


def render(picture, size):
    """Draw a square whose every pixel says mood and count."""
    return size, size, struct.pack(">I", pixel(picture)) * size * size


def pixel(picture):
    return 0xFF000000 | list(Mood).index(picture.mood) << 8 | picture.count


def shown_pixel(desktop):
    return struct.unpack(">I", desktop.property("IconPixmap")[0][2][:4])[0]


@pytest.fixture
def tray():
    return SniTray(render=render)


def test_the_icon_is_what_panels_expect(desktop, show, tray):
    show(tray)
    name = desktop.icon()
    assert name.startswith("org.kde.StatusNotifierItem-")
    told = desktop.properties()
    sizes = [(width, height, len(pixels)) for width, height, pixels in told.pop("IconPixmap")]
    assert sizes == [(size, size, size * size * 4) for size in (16, 22, 24, 32, 48, 64)]
    assert told == {
        "Category": "ApplicationStatus",
        "Id": "queuectl",
        "Title": "queuectl",
        "Status": "Active",
        "WindowId": 0,
        "IconThemePath": "",
        "IconName": "",
        "OverlayIconName": "",
        "OverlayIconPixmap": [],
        "AttentionIconName": "",
        "AttentionIconPixmap": [],
        "ToolTip": ("", [], "queuectl", "queuectl"),
        "ItemIsMenu": False,
        "Menu": "/MenuBar",
    }
    assert desktop.properties(MENU) == {"Version": 3, "TextDirection": "ltr", "Status": "normal", "IconThemePath": []}


def test_what_was_wanted_before_the_start_is_shown_from_the_start(desktop, show, tray):
    picture = Picture(mood=Mood.RUNNING, count=3)
    tray.update(picture=picture, title="3 running", menu=[Entry(key="a", label="A")])
    tray.notify(Notification(title="Hello", body=""))
    show(tray)
    desktop.icon()
    assert shown_pixel(desktop) == pixel(picture)
    assert desktop.property("ToolTip")[2] == "3 running"
    assert desktop.entry("A") is not None
    assert desktop.notification().title == "Hello"


@pytest.mark.parametrize("mood", list(Mood))
def test_each_mood_and_count_has_its_picture(desktop, show, tray, mood):
    before = Picture(mood=mood, count=1)
    tray.update(picture=before, title="one", menu=[])
    show(tray).ready.wait(PATIENCE)
    assert shown_pixel(desktop) == pixel(before)
    after = Picture(mood=mood, count=2)
    tray.update(picture=after, title="one", menu=[])
    desktop.wait(lambda: desktop.signals("NewIcon"))
    assert shown_pixel(desktop) == pixel(after)
    assert desktop.signals("NewToolTip") == []


def test_a_new_title_is_told_and_the_picture_left_alone(desktop, show, tray):
    picture = Picture(mood=Mood.IDLE)
    tray.update(picture=picture, title="0 running", menu=[])
    show(tray).ready.wait(PATIENCE)
    tray.update(picture=picture, title="1 running \ud800\0", menu=[])
    desktop.wait(lambda: desktop.signals("NewToolTip"))
    assert desktop.property("ToolTip") == ("", [], "1 running ?", "queuectl")
    assert desktop.signals("NewIcon") == []


def test_a_click_on_the_icon_is_one_on_the_default_entry(desktop, show, tray):
    clicked = threading.Semaphore(0)
    default = Entry(key="open", label="Open", act=clicked.release, default=True)
    tray.update(picture=Picture(mood=Mood.IDLE), title="", menu=[Entry(key="sub", label="Sub", children=[default])])
    show(tray)
    for member in ("Activate", "SecondaryActivate"):
        desktop.call(ITEM, member, "ii", 10, 20)
        assert clicked.acquire(timeout=PATIENCE)
    desktop.call(ITEM, "ContextMenu", "ii", 10, 20)
    desktop.call(ITEM, "Scroll", "is", 120, "vertical")
    assert not clicked.acquire(blocking=False)


def test_without_a_default_entry_a_click_is_refused_so_that_the_panel_opens_the_menu(desktop, show, tray):
    show(tray)
    with pytest.raises(Exception, match="only a menu"):
        desktop.call(ITEM, "Activate", "ii", 0, 0)


def test_a_picture_that_cannot_be_drawn_costs_the_picture_alone(desktop, show, caplog):
    def broken(_picture, _size):
        raise ValueError("no ink")

    tray = SniTray(render=broken)
    tray.notify(Notification(title="Hello", body=""))
    show(tray)
    desktop.icon()
    assert desktop.property("IconPixmap") == []
    assert "image-data" not in desktop.notification().hints
    assert "no ink" in caplog.text


def test_it_registers_again_with_a_panel_that_was_restarted(desktop, show, tray):
    show(tray)
    first = desktop.icon()
    desktop.lose(WATCHER)
    desktop.own(WATCHER)
    assert desktop.icon(2) == first
    assert desktop.property("Id") == "queuectl"


def test_it_waits_for_a_panel_that_comes_late(bus, show, tray):
    desktop = Desktop(bus.address)
    try:
        shown = show(tray)
        assert not shown.ready.wait(0.1)
        desktop.has_host = False
        desktop.own(WATCHER)
        desktop.icon()
        assert not shown.ready.wait(0.1), "nobody shows it yet"
        desktop.has_host = True
        assert shown.ready.wait(PATIENCE)
    finally:
        desktop.close()


def test_it_asks_again_while_the_panel_is_still_coming_up(desktop, show, tray):
    desktop.refusals = 2
    assert show(tray).ready.wait(PATIENCE)
    assert len(desktop.registered) == 1


@pytest.mark.usefixtures("bus")
@pytest.mark.parametrize(("current", "help_text"), [("ubuntu:GNOME", "extensions.gnome.org"), ("XFCE", "plugin")])
def test_without_a_panel_it_says_what_would_help(monkeypatch, current, help_text):
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", current)
    with pytest.raises(TrayUnavailable, match=help_text):
        SniTray(render=render, patience=0.1).run(pytest.fail)


def test_a_panel_that_shows_no_icons_is_none(desktop):
    desktop.has_host = False
    with pytest.raises(TrayUnavailable, match="No panel"):
        SniTray(render=render, patience=0.2).run(pytest.fail)


@pytest.mark.parametrize("address", ["", "unix:path=/nowhere/bus", "nonsense", "what:ever=1"])
def test_without_a_bus_it_says_so(monkeypatch, tray, address):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with pytest.raises(TrayUnavailable, match="session bus"):
        tray.run(pytest.fail)


@pytest.mark.usefixtures("desktop")
def test_the_bus_of_the_user_is_found_without_the_variable(bus, show, tray, monkeypatch):
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", bus.address.removeprefix("unix:path=").split(",")[0].removesuffix("/bus"))
    assert show(tray).ready.wait(PATIENCE)


@pytest.mark.usefixtures("desktop")
def test_the_end_of_the_bus_ends_the_tray_and_nothing_else(bus, show, tray):
    shown = show(tray)
    shown.ready.wait(PATIENCE)
    bus.kill()
    assert isinstance(shown.ends(), TrayUnavailable)
    tray.update(picture=Picture(mood=Mood.IDLE), title="", menu=[])
    tray.notify(Notification(title="", body=""))
    tray.stop()


def test_stop_takes_the_icon_away_and_before_the_start_there_is_none(desktop, show, tray):
    shown = show(tray)
    name = desktop.icon()
    shown.ready.wait(PATIENCE)
    tray.stop()
    assert shown.ends() is None
    owned = desktop.call(
        "org.freedesktop.DBus", "NameHasOwner", "s", name, to="org.freedesktop.DBus", path="/org/freedesktop/DBus"
    )
    assert owned == [False]
    tray.run(pytest.fail)
    assert len(desktop.registered) == 1


def test_a_thousand_updates_a_second_leave_as_four_and_the_last_one_wins(desktop, show, tray):
    show(tray).ready.wait(PATIENCE)
    began = time.monotonic()
    for number in range(1000):
        time.sleep(max(0.0, began + number / 1000 - time.monotonic()))
        picture = Picture(mood=Mood.RUNNING, count=number % 256)
        tray.update(picture=picture, title=f"{number}", menu=[Entry(key="status", label=f"{number}")])
    last = {"label": "999"}
    desktop.wait(lambda: any(told == last for [[(_, told)], _] in desktop.signals("ItemsPropertiesUpdated")))
    seconds = time.monotonic() - began
    for member in ("NewIcon", "NewToolTip", "ItemsPropertiesUpdated"):
        assert 2 <= len(desktop.signals(member)) <= seconds * 4 + 2
    assert len(desktop.signals("LayoutUpdated")) == 1
    assert shown_pixel(desktop) == pixel(picture)
    assert desktop.entry("999") is not None


def test_the_first_update_leaves_at_once(desktop, show, tray):
    show(tray).ready.wait(PATIENCE)
    picture = Picture(mood=Mood.RUNNING)
    tray.update(picture=picture, title="", menu=[])
    desktop.wait(lambda: desktop.signals("NewIcon"))


CHILD = """
import signal, sys, threading, time
from queuectl.tray.sni import SniTray

tray = SniTray(render=lambda picture, size: (size, size, bytes(size * size * 4)))
def on_signal(number, frame):
    print("handled", flush=True)
    if sys.argv[1] != "flag":
        tray.stop()
signal.signal(signal.SIGTERM, on_signal)
if sys.argv[1] == "other":
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    ready = lambda: signal.pthread_kill(thread.ident, signal.SIGTERM)
else:
    ready = lambda: print("ready", flush=True)
try:
    tray.run(ready)
except KeyboardInterrupt:
    print("interrupted", flush=True)
print("ended", flush=True)
"""


def child(kind):
    return subprocess.Popen([sys.executable, "-c", CHILD, kind], stdout=subprocess.PIPE, text=True)


@pytest.mark.usefixtures("desktop")
@pytest.mark.parametrize(
    ("kind", "signals", "says"),
    [
        ("main", [signal.SIGTERM], ["ready", "handled", "ended"]),
        ("other", [], ["handled", "ended"]),
        ("flag", [signal.SIGTERM, signal.SIGINT], ["ready", "handled", "interrupted", "ended"]),
    ],
)
def test_a_signal_reaches_its_handler_at_once_whichever_thread_it_came_to(kind, signals, says):
    with child(kind) as process:
        for line in says:
            assert process.stdout.readline().strip() == line
            if line in {"ready", "handled"} and signals:
                process.send_signal(signals.pop(0))
        assert process.wait(PATIENCE) == 0


def test_two_trays_of_one_process_have_two_names(desktop, show):
    show(SniTray(render=render))
    first = desktop.icon()
    show(SniTray(render=render))
    assert desktop.icon(2) != first


def test_panels_that_look_closer_find_the_interface_described(desktop, show, tray):
    show(tray)
    [text] = desktop.call("org.freedesktop.DBus.Introspectable", "Introspect", path="/StatusNotifierItem")
    assert ITEM in text
    with pytest.raises(Exception, match="NoSuch"):
        desktop.call(PROPERTIES, "Get", "ss", ITEM, "NoSuch", path="/StatusNotifierItem")

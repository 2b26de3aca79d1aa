"""Notifications of the Linux tray on a real bus, with a server that comes, goes, and has buttons or not."""

import threading

import pytest

from queuectl.tray.backend import Action, Notification
from queuectl.tray.sni import SniTray
from tests.support import PATIENCE
from tests.tray.desktop import NOTIFICATIONS


@pytest.fixture
def tray():
    return SniTray(render=lambda _picture, size: (size, size, bytes([255, 10, 20, 30]) * size * size))


@pytest.fixture
def pressed():
    return threading.Semaphore(0)


@pytest.fixture
def died(pressed):
    """Give a notification with two buttons, of which the first is told of."""
    retry = Action(key="retry", label="Retry", act=pressed.release)
    log = Action(key="log", label="Show log", act=lambda: pytest.fail("the other button"))
    return Notification(title="Job 7 died", body="make <all> & go", urgent=True, actions=(retry, log))


def test_a_notification_says_all_that_the_server_can_show(desktop, show, tray, died):
    show(tray)
    tray.notify(died)
    told = desktop.notification()
    assert (told.app, told.replaces, told.icon, told.expire) == ("queuectl", 0, "queuectl", -1)
    assert (told.title, told.body) == ("Job 7 died", "make &lt;all&gt; &amp; go")
    assert told.buttons == [("retry", "Retry"), ("log", "Show log"), ("default", "")]
    assert told.hints["urgency"] == 2
    assert told.hints["desktop-entry"] == "queuectl"
    assert told.hints["image-data"] == (48, 48, 192, True, 8, 4, bytes([10, 20, 30, 255]) * 48 * 48)


def test_a_server_that_can_do_less_is_asked_for_less(desktop, show, tray, died):
    desktop.capabilities = ["body"]
    show(tray)
    tray.notify(died)
    told = desktop.notification()
    assert told.body == "make <all> & go"
    assert told.buttons == []


@pytest.mark.parametrize("key", ["retry", "default"])
def test_a_button_does_its_action(desktop, show, tray, died, pressed, key):
    show(tray)
    tray.notify(died)
    desktop.choose(desktop.notification(), key)
    assert pressed.acquire(timeout=PATIENCE)


def test_a_button_pressed_before_the_answer_was_read_is_not_lost(desktop, show, tray, died, pressed):
    desktop.presses = "retry"
    show(tray)
    tray.notify(died)
    assert pressed.acquire(timeout=PATIENCE)


def test_a_closed_notification_does_nothing_any_more(desktop, show, tray, died, pressed):
    show(tray)
    tray.notify(died)
    tray.notify(died)
    first, second = desktop.notification(), desktop.notification(2)
    desktop.dismiss(first)
    desktop.choose(first, "retry")
    desktop.choose(second, "retry")
    assert pressed.acquire(timeout=PATIENCE)
    assert not pressed.acquire(blocking=False)


def test_without_a_server_nothing_happens_until_there_is_one(desktop, show, tray, died):
    desktop.lose(NOTIFICATIONS)
    shown = show(tray)
    tray.notify(Notification(title="Into the void", body=""))
    shown.ready.wait(PATIENCE)
    assert desktop.property("Id") == "queuectl"
    assert desktop.notified == []
    desktop.own(NOTIFICATIONS)
    tray.notify(died)
    assert desktop.notification().title == "Job 7 died"


def test_a_server_that_was_restarted_is_asked_what_it_can(desktop, show, tray, died):
    show(tray)
    tray.notify(died)
    assert desktop.notification().buttons
    desktop.lose(NOTIFICATIONS)
    desktop.capabilities = ["body"]
    desktop.own(NOTIFICATIONS)
    tray.notify(died)
    assert not desktop.notification(2).buttons


def test_an_error_behind_a_button_is_shown(desktop, show, tray):
    def fail():
        raise OSError("no browser")

    show(tray)
    tray.notify(Notification(title="Hello", body="", actions=[Action(key="open", label="Open", act=fail)]))
    desktop.choose(desktop.notification(), "open")
    told = desktop.notification(2)
    assert (told.title, told.body) == ("Open: this failed", "no browser")


def test_the_last_words_before_the_stop_are_still_said(desktop, show, tray):
    shown = show(tray)
    shown.ready.wait(PATIENCE)
    tray.notify(Notification(title="Good night", body=""))
    tray.stop()
    assert shown.ends() is None
    assert desktop.notification().title == "Good night"

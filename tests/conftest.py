"""What every test has: a home of its own, and a plain answer where this machine lacks a tool."""

import os
import shutil
import sys

import hypothesis
import pytest

from tests.support import running_under_wine

CI = os.environ.get("CI") == "true"

# Processes start and disks sync inside properties, on machines with two slow cores: time says nothing there.
hypothesis.settings.register_profile("queuectl", deadline=None, derandomize=CI, print_blob=True)
hypothesis.settings.register_profile("wine", hypothesis.settings.get_profile("queuectl"), max_examples=25)
hypothesis.settings.load_profile("wine" if running_under_wine() else "queuectl")


def examples(number: int) -> int:
    """Return how many examples a property gets that wants its own number: fewer under Wine, where all takes long."""
    return max(5, number // 8) if running_under_wine() else number


def need(tool: str) -> str:
    """Return the path of a program, or skip the test saying what to install; under CI=true its absence is a failure."""
    path = shutil.which(tool)
    if path is not None:
        return path
    message = f"this test needs {tool}; install it and run again"
    if CI:
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def pytest_collection_modifyitems(items):
    """Skip what needs POSIX on Windows, and what Wine cannot do under Wine."""
    if sys.platform == "win32":
        for item in items:
            if item.get_closest_marker("posix"):
                item.add_marker(pytest.mark.skip(reason="needs POSIX signals, modes or shells"))
    if running_under_wine():
        for item in items:
            for mark in item.iter_markers("wine"):
                item.add_marker(pytest.mark.skip(reason=f"Wine: {mark.args[0]}"))


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_user(tmp_path_factory):
    """Keep every test away from the queue and the settings of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("QUEUECTL_")]:
            patch.delenv(name)
        patch.setenv("QUEUECTL_HOME", str(tmp_path_factory.getbasetemp() / "shared-home"))
        yield


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """Give the test a home that no other test has."""
    monkeypatch.setenv("QUEUECTL_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server, which starts when the first test asks for it."""
    from tests.postgres import shared_server

    return shared_server()


@pytest.fixture
def postgres_url(postgres, monkeypatch):
    """The URL of a database with nothing in it, whose jobs this machine runs."""
    monkeypatch.setenv("QUEUECTL_RUN_QUEUES", "*")
    url = postgres.url()
    postgres.wipe()
    return url

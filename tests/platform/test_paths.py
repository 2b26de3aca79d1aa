"""Where things are: the same place that other programs of this platform would choose."""

import platformdirs
import pytest

from queuectl.platform import paths


@pytest.mark.parametrize(
    ("location", "url"),
    [("postgresql://h/d", True), ("POSTGRES:/h/d", True), ("mysql://h/d", True), ("C:\\q.db", False), ("q.db", False)],
)
def test_a_database_on_a_server_is_never_taken_for_a_file(location, url):
    assert paths.is_url(location) is url


@pytest.mark.parametrize("data_home", [None, "", "/x/data", "relative/data"])
def test_a_user_s_data_lies_where_the_platform_wants_it(monkeypatch, data_home):
    monkeypatch.delenv("QUEUECTL_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if data_home is not None:
        monkeypatch.setenv("XDG_DATA_HOME", data_home)
    assert paths.home() == platformdirs.user_data_path("queuectl", appauthor=False)

"""Where a database on a server has its files on this machine: by host and name, and never by its password."""

import sys

import pytest

from queuectl.platform.paths import locate
from tests.hosts import run_cli

URLS = {
    "postgresql://me@db.example.org/jobs": "db.example.org-jobs",
    "postgresql://me:s3cret@db.example.org:6432/jobs?sslmode=require": "db.example.org_6432-jobs",
    "postgresql://me:s3c#ret?s3c@db.example.org/jobs": "db.example.org-jobs",
    "postgresql://me:s3cret@one,two:6432/jobs": "one_two_6432-jobs",
    "postgresql://me:s3cret@[::1]:6432/jobs": "___1__6432-jobs",
    "postgresql://me:s3cret@": "localhost-me",
    "postgresql:///jobs?host=/run/pg&password=s3cret": "_run_pg-jobs",
    "postgresql://me:s3/cret@h/jobs": "unknown",
    "postgresql://me:s3cret@[h/jobs": "unknown",
}


@pytest.mark.parametrize(("url", "name"), URLS.items())
def test_a_folder_is_named_after_host_and_database(url, name):
    found = locate(url)
    assert found.files.name.startswith(name)
    assert "s3c" not in found.files.name
    assert found.holds_password == ("s3" in url)


TRAY = pytest.param(("tray",), marks=pytest.mark.skipif(sys.platform != "linux", reason="an icon tells it, until quit"))


@pytest.mark.parametrize("words", [TRAY, ("autostart", "on"), ("doctor",), ("self", "check"), ("list",)])
@pytest.mark.parametrize("url", ["postgresql://me:s3cret@[h/jobs", "postgresql://me:s3cret/s3cret@h/jobs"])
def test_a_url_that_is_none_is_refused_without_its_password(url, words, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")  # no icon
    done = run_cli("--db", url, *words)
    assert done.returncode or words == ("self", "check")
    assert "s3cret" not in done.out + done.err
    assert "unexpected" not in done.err

"""Servers of other machines are trusted when their certificates hold; and a password is shown by nothing."""

import shlex
import sys

import psutil
import pytest

from queuectl.errors import StoreUnavailable
from queuectl.model.state import State
from queuectl.queue import Queue
from tests.clusters import new_cluster
from tests.hosts import HostProcess, run_cli, until
from tests.support import PATIENCE
from tests.tls import Authority, Terminator

pytestmark = pytest.mark.posix
NAME, SECRET = "db.example.org", "s3cret-word"


@pytest.fixture(scope="module")
def server():
    """A server with a user who has a password."""
    found = new_cluster()
    rules = found.data / "pg_hba.conf"
    rules.write_text("host all me 0.0.0.0/0 scram-sha-256\n" + rules.read_text())
    found.run("SELECT pg_reload_conf()")
    found.run(f"CREATE ROLE me LOGIN PASSWORD '{SECRET}'")
    found.run("GRANT ALL ON DATABASE queue TO me")
    yield found
    found.remove()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture
def terminator(server, authority):
    """The server as it is on another machine, by the name of which it has a certificate."""
    found = Terminator(server, authority.context(NAME))
    yield found
    found.close()


def url(terminator, *options, name=NAME, secret=SECRET):
    """Return the URL of a name that nobody needs to look up."""
    given = "&".join(["hostaddr=127.0.0.1", *options])
    return f"postgresql://me:{secret}@{name}:{terminator.port}/queue?{given}"


def refusal(address):
    """Return what the command line says when it does not connect."""
    done = run_cli("--db", address, "list")
    assert done.returncode == 5
    assert done.out == ""
    assert SECRET not in done.err
    with pytest.raises(StoreUnavailable) as caught:
        Queue.open(address)
    assert caught.value.hint
    assert SECRET not in f"{caught.value} {caught.value.hint}"
    return done.err


def test_a_server_with_a_certificate_of_a_known_authority_is_trusted(terminator, authority):
    with Queue.open(url(terminator, f"sslrootcert={authority.certificate}")) as queue:
        queue.add("true")
    assert terminator.encrypted


def test_a_server_whose_authority_nobody_knows_is_refused(terminator, tmp_path):
    other = Authority(tmp_path / "other")
    for options in ([f"sslrootcert={other.certificate}"], []):  # those of the system do not know it either
        said = refusal(url(terminator, *options))
        assert "cannot be trusted" in said
        assert "certificate" in said


def test_a_server_with_another_name_is_refused(terminator, authority):
    said = refusal(url(terminator, f"sslrootcert={authority.certificate}", name="other.example.org"))
    assert "cannot be trusted" in said
    assert "other.example.org" in said


def test_a_server_without_encryption_is_refused_and_learns_no_password(server, authority):
    bare = Terminator(server, None)
    assert "cannot be trusted" in refusal(url(bare, f"sslrootcert={authority.certificate}"))
    assert "cannot be trusted" in refusal(url(bare, "sslmode=require"))
    bare.close()


def test_who_says_so_trusts_whoever_encrypts(terminator, tmp_path):
    with Queue.open(url(terminator, "sslmode=require")) as queue:
        queue.store.counts()
    assert terminator.encrypted


def test_loopback_needs_no_certificate_unless_it_is_asked_for(server, terminator, authority):
    near = f"postgresql://me:{SECRET}@127.0.0.1:{server.port}/queue"
    Queue.open(near).close()
    assert "cannot be trusted" in refusal(f"{near}?sslmode=verify-full&sslrootcert={authority.certificate}")


def test_a_wrong_password_is_told_and_not_shown(terminator, authority):
    with pytest.raises(StoreUnavailable, match="refused the user or the password") as caught:
        Queue.open(url(terminator, f"sslrootcert={authority.certificate}", secret="wr0ng-word"))
    assert "wr0ng-word" not in f"{caught.value} {caught.value.hint}"


def test_nothing_shows_the_password(terminator, authority, monkeypatch, tmp_path):
    address = url(terminator, f"sslrootcert={authority.certificate}")
    monkeypatch.setenv("QUEUECTL_DB", address)
    host = HostProcess("serve", "--no-drop", "--queue", "default", "--workers", "2")
    with Queue.open() as queue:
        until(queue.hosts, "the host")
        command = f"{shlex.quote(sys.executable)} -m queuectl show $QUEUECTL_JOB_ID; ps ax -o args || true"
        job = queue.add(command, env={"MINE": "1"})
        [ended] = queue.wait([job.id], PATIENCE)
        assert ended.state is State.COMPLETED
        seen = [attempt.tail for attempt in queue.attempts(job.id)]
        seen.append(" ".join(psutil.Process(host.process.pid).cmdline()))
        from tests.web.api import Api  # needs what Wine cannot load

        api = Api(queue)
        paths = ("/session", "/overview", "/status", "/hosts", "/settings", f"/jobs/{job.id}")
        seen += [str(api.ask("GET", path)) for path in paths]
        for words in (
            ("status", "--json"), ("doctor",), ("doctor", "--json"), ("config", "get"), ("show", str(job.id), "--json"),
            ("list", "--json"), ("logs", str(job.id)), ("archive", "export", "-"), ("autostart", "on"),
            ("autostart", "status"), ("drop-folder",),
        ):  # fmt: skip
            done = run_cli(*words)
            seen += [done.out, done.err]
        assert "would see the password" in run_cli("autostart", "on").err
        host.terminate()
        seen += host.lines
        seen += [path.read_text(errors="replace") for path in queue.paths.files.rglob("*") if path.is_file()]
    assert any(NAME in text for text in seen), "the server is named"
    assert [text for text in seen if SECRET in text] == []

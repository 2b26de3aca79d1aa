"""P10 on PostgreSQL: what goes wrong says so, says what to do, and shows no password."""

import socket
import threading
import time
from dataclasses import replace

import pytest

from queuectl.errors import (
    StoreBusy,
    StoreCorrupt,
    StoreTooNew,
    StoreUnavailable,
    UsageError,
)
from queuectl.platform.paths import locate
from queuectl.queue import Queue
from queuectl.store.types import JobFilter
from tests.hosts import run_cli, until
from tests.store.conformance.case import add, claim, ids
from tests.support import PATIENCE

psycopg = pytest.importorskip("psycopg")

from queuectl.store.postgres import PostgresStore, connections, migrations  # noqa: E402 - only where psycopg is
from queuectl.store.postgres.address import parse  # noqa: E402


@pytest.fixture
def fresh(postgres):
    """The URL of a database that nobody has opened."""
    url = postgres.url("fresh")
    yield url
    postgres.drop("fresh")


def complaint(error, act, *args):
    """Return the message of an error of exactly this kind, which has a hint."""
    with pytest.raises(error) as caught:
        act(*args)
    assert type(caught.value) is error
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(
    ("url", "shown", "mode"),
    [
        ("postgresql://me:s3cret@db.example.org/jobs", "postgresql://me@db.example.org/jobs", "verify-full"),
        ("postgres://me:s3cret@db.example.org:6432/jobs", "postgresql://me@db.example.org:6432/jobs", "verify-full"),
        ("postgresql://me@db.example.org/jobs?sslmode=require&password=s3cret",
         "postgresql://me@db.example.org/jobs", "require"),
        ("postgresql://a%40b:s3cret@h/x%2Fy", "postgresql://a%40b@h/x%2Fy", "verify-full"),
        ("postgresql://me:s3cret@localhost/jobs", "postgresql://me@localhost/jobs", None),
        ("postgresql://me:s3cret@127.0.0.1/jobs", "postgresql://me@127.0.0.1/jobs", None),
        ("postgresql://me:s3cret@[::1]:5433/jobs", "postgresql://me@[::1]:5433/jobs", None),
        ("postgresql://me@/jobs?host=/run/pg", "postgresql://me@/jobs?host=/run/pg", None),
        ("postgresql:///jobs", "postgresql://localhost/jobs", None),
        ("postgresql://localhost,db.example.org/jobs", "postgresql://localhost,db.example.org/jobs", "verify-full"),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_its_password_and_trusts_no_stranger(url, shown, mode):
    address = parse(url)
    assert address.location == shown
    assert address.options.get("sslmode") == mode
    assert address.url == url
    assert ("sslrootcert" in address.options) == (mode == "verify-full")


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"PGHOST": "db.example.org"}, "postgresql:///jobs"),
        ({"PGHOSTADDR": "192.0.2.1"}, "postgresql://localhost/jobs"),
        ({}, "postgresql://localhost/jobs?hostaddr=192.0.2.1"),
    ],
)
def test_a_stranger_named_elsewhere_than_as_the_host_is_not_trusted_either(monkeypatch, environ, url):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    address = parse(url)
    assert address.options["sslmode"] == "verify-full"
    assert address.location == f"postgresql://{environ.get('PGHOST', 'localhost')}/jobs"
    assert locate(url).files.name == f"{environ.get('PGHOST', 'localhost')}-jobs"
    assert address.options["sslrootcert"] == "system"
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ours.pem")
    assert parse(url).options["sslrootcert"] == "/etc/ours.pem"


@pytest.mark.parametrize("last", ["h:port/x", "h/x?nonsense=1", "h/x?sslmode=bad"])
def test_an_address_that_is_none_is_refused_without_its_password(last):
    assert "s3cret" not in complaint(UsageError, parse, f"postgresql://me:s3cret@{last}")


def test_p10_a_server_that_is_not_there_is_loud():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    done = run_cli("--db", f"postgresql://me:s3cret@127.0.0.1:{port}/jobs", "list")
    assert done.returncode == 5
    assert f"postgresql://me@127.0.0.1:{port}/jobs cannot be reached" in done.err
    assert "Is the server running" in done.err
    assert "s3cret" not in done.err + done.out


def test_p10_a_database_or_a_user_that_is_not_there_is_loud(postgres):
    postgres.url()
    missing = postgres.server.get_uri("missing")
    assert '"missing" does not exist' in complaint(StoreUnavailable, Queue.open, missing)
    nobody = postgres.server.get_uri("queue").replace("postgres:@", "nobody:s3cret@")
    message = complaint(StoreUnavailable, Queue.open, nobody)
    assert "nobody" in message
    assert "s3cret" not in message


def test_p10_a_user_without_rights_is_loud(postgres, fresh):
    postgres.run("DROP ROLE IF EXISTS poor")
    postgres.run("CREATE ROLE poor LOGIN")
    poor = fresh.replace("postgres:@", "poor@")
    assert "permission denied" in complaint(StoreUnavailable, Queue.open, poor)
    Queue.open(fresh).close()
    assert "permission denied" in complaint(StoreUnavailable, Queue.open, poor)


def test_p10_a_database_that_is_read_only_is_loud_and_can_be_read(postgres, fresh):
    with Queue.open(fresh) as queue:
        queue.add("true")
    postgres.run("ALTER DATABASE fresh SET default_transaction_read_only = on")
    with Queue.open(fresh) as queue:
        assert len(queue.jobs()) == 1
        assert "cannot be written" in complaint(StoreUnavailable, add, queue.store)


def test_p10_another_encoding_is_refused(postgres):
    postgres.drop("latin")
    postgres.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    assert "LATIN1" in complaint(StoreUnavailable, Queue.open, postgres.server.get_uri("latin"))
    postgres.drop("latin")


def test_a_newer_schema_that_works_with_this_program_is_used_and_another_refused(postgres, fresh):
    latest = migrations.latest_version()
    with Queue.open(fresh) as old:
        record = "INSERT INTO queuectl.migrations (number, works_with, applied_at) VALUES ({}, {}, 1)"
        postgres.run(record.format(latest + 1, latest), "fresh")
        with Queue.open(fresh) as queue:
            queue.add("true")
        assert len(old.jobs()) == 1, "a host that runs goes on"
        postgres.run(record.format(latest + 2, latest + 1), "fresh")
        assert f"version {latest + 2}" in complaint(StoreTooNew, Queue.open, fresh)
        assert len(old.jobs()) == 1


def test_a_migration_that_fails_changes_nothing(postgres, fresh, monkeypatch):
    known = migrations.migrations()
    Queue.open(fresh).close()
    broken = [*known, (len(known) + 1, "-- Works with: 1\nCREATE TABLE queuectl.more (); SELECT 1 / 0")]
    monkeypatch.setattr(migrations, "migrations", lambda: broken)
    with pytest.raises((StoreUnavailable, UsageError)):
        Queue.open(fresh)
    assert postgres.run("SELECT to_regclass('queuectl.more'), max(number) FROM queuectl.migrations", "fresh") == [
        (None, len(known))
    ]


def test_it_shares_a_database_and_touches_nothing_of_others(postgres, fresh):
    postgres.run("CREATE TABLE jobs (mine text)", "fresh")
    with Queue.open(fresh) as queue:
        queue.add("true")
    assert postgres.run("SELECT count(*) FROM public.jobs", "fresh") == [(0,)]


def test_several_that_create_the_schema_at_once(fresh):
    failures = []
    barrier = threading.Barrier(5)

    def create():
        barrier.wait(PATIENCE)
        try:
            PostgresStore(parse(fresh)).close()
        except StoreUnavailable as exc:
            failures.append(exc)

    threads = [threading.Thread(target=create) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert failures == []


def test_p10_a_schema_that_was_taken_apart_is_loud(postgres, fresh):
    with Queue.open(fresh) as queue:
        postgres.run("DROP TABLE queuectl.pauses", "fresh")
        assert "damaged" in complaint(StoreCorrupt, queue.store.pauses)


def test_connections_that_the_server_cut_while_nobody_used_them_are_opened_again(postgres, open_postgres):
    store = open_postgres()
    add(store)
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'queue'")
    until(lambda: not postgres.run("SELECT 1 FROM pg_stat_activity WHERE datname = 'queue'"), "nobody to be connected")
    add(store)
    assert len(store.jobs(JobFilter())) == 2


def test_p10_one_that_is_cut_in_a_transaction_undoes_it_and_says_so(postgres, open_postgres):
    store = open_postgres()

    def cut():
        with store.transaction():
            add(store)
            postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'queue'")
            add(store)

    assert "went away" in complaint(StoreUnavailable, cut)
    assert store.jobs(JobFilter()) == []


def test_p10_a_transaction_that_holds_on_is_loud(open_postgres, monkeypatch):
    store = open_postgres()
    monkeypatch.setattr(connections, "BUSY_TIMEOUT", 0.2)
    other = open_postgres()
    job = add(store)
    with store.transaction():
        store.cancel(job.id, actor="tests")
        assert "held by another transaction" in complaint(StoreBusy, lambda: other.cancel(job.id, actor="tests"))
    assert add(other).id > job.id


def test_p10_more_threads_than_connections_wait_and_are_told(open_postgres, monkeypatch):
    monkeypatch.setattr(connections, "MOST", 2)
    monkeypatch.setattr(connections, "BUSY_TIMEOUT", 0.2)
    store = open_postgres()
    begun, over = threading.Barrier(3), threading.Event()

    def hold():
        with store.transaction():
            begun.wait(PATIENCE)
            over.wait(PATIENCE)

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait(PATIENCE)
    assert "in use" in complaint(StoreBusy, store.counts)
    over.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert store.counts() == {}


def test_p10_a_closed_store_is_loud(open_postgres):
    store = open_postgres()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        add(store)
    store.ring()


def test_p10_text_that_is_no_unicode_is_refused(postgres_url):
    with Queue.open(postgres_url) as queue:
        job = queue.add("true")
        for act in (lambda: queue.find("\udcff"), lambda: queue.cancel(job.id, reason="\udcff"),
                    lambda: queue.pause("\udcff"), lambda: queue.jobs(JobFilter(tag="\udcff"))):  # fmt: skip
            with pytest.raises(UsageError, match="Unicode"):
                act()
        assert queue.find(job.id) == job


def test_an_error_of_the_caller_s_own_stays_his_own(open_postgres):
    store = open_postgres()
    for error in (ValueError("x"), OverflowError("x"), OSError("x")):
        with pytest.raises(type(error)), store.transaction():
            raise error


def test_leases_and_schedules_go_by_the_server_s_clock(postgres, open_postgres):
    store = open_postgres()
    [[theirs]] = postgres.run("SELECT extract(epoch FROM clock_timestamp())")
    assert abs(store.now().timestamp() - float(theirs)) < 5
    job = add(store)
    with store.transaction():
        began = store.now()
        time.sleep(0.05)
        assert store.now() == began, "in a transaction it stands"
        [taken] = claim(store)
    assert taken.id == job.id
    assert (taken.lease.expires_at - began).total_seconds() == 60


def test_an_id_is_given_once_though_jobs_are_restored_and_deleted(open_postgres):
    store, other = open_postgres(), open_postgres()
    first = add(store)
    [record] = store.records(0, 10)
    store.delete(first.id)
    assert add(store).id > first.id
    store.restore([record])
    assert store.get(first.id).spec == first.spec
    far = replace(record, job=replace(record.job, id=900), attempts=[], events=[], waits=[])
    other.restore([far])
    assert add(store).id == 901
    assert ids(store.jobs(JobFilter()))[:2] == [901, 900]


def test_one_that_hangs_with_a_transaction_is_cut_off_by_the_server(postgres, open_postgres):
    store = open_postgres()
    with store.transaction():
        [timeout] = store._connections._mine().execute("SHOW idle_in_transaction_session_timeout").fetchone()
    assert timeout == "1min"

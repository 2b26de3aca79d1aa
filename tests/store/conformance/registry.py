"""What is kept besides jobs: hosts, pauses, settings."""

from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl.store.types import HostRow, Pause
from tests.hosts import until
from tests.store.conformance.case import LEASE, START, StoreCase, add, take
from tests.support import PATIENCE

HOST = HostRow(
    id="host-1", machine="a machine's id", name="Grüße", kind="serve", pid=4_000_000, workers=4, port=65_535,
    version="1.2.3", started_at=START, seen_at=START, stop=None,
)  # fmt: skip


class Hosts(StoreCase):
    def test_a_host_is_seen_until_it_is_struck_off(self, store):
        store.add_host(HOST)
        younger = replace(HOST, id="a", port=None, started_at=START + timedelta(seconds=1))
        store.add_host(younger)
        assert store.hosts() == [HOST, younger]
        store.remove_host(HOST.id)
        store.remove_host("no such host")
        assert store.hosts() == [younger]
        store.add_host(HOST)
        assert store.hosts() == [HOST, younger]

    def test_a_heartbeat_is_seen(self, store, clock):
        store.add_host(HOST)
        store.add_host(replace(HOST, id="host-2"))
        clock.forward(7)
        store.renew(HOST.id, lease=LEASE)
        assert [host.seen_at for host in store.hosts()] == [clock.now(), START]

    def test_it_can_have_another_number_of_workers(self, store):
        store.add_host(HOST)
        store.add_host(replace(HOST, id="host-2"))
        store.describe_host("host-2", 9, tags=("gpu",), queues=("a", "b"))
        store.describe_host("no such host", 9)
        assert store.hosts() == [HOST, replace(HOST, id="host-2", workers=9, tags=("gpu",), queues=("a", "b"))]

    def test_it_says_where_its_page_is(self, store):
        there, other = replace(HOST, dashboard="http://127.0.0.1:9/"), replace(HOST, id="host-2")
        store.add_host(there)
        store.add_host(other)
        assert store.hosts() == [there, other]
        store.set_dashboard("host-2", "http://127.0.0.1:10/")
        store.set_dashboard(HOST.id, None)
        store.set_dashboard("no such host", "http://127.0.0.1:11/")
        assert store.hosts() == [HOST, replace(other, dashboard="http://127.0.0.1:10/")]

    def test_it_can_be_asked_to_stop(self, store):
        store.add_host(HOST)
        store.add_host(replace(HOST, id="host-2"))
        assert store.stop_asked(HOST.id) is None
        store.ask_to_stop(HOST.id, "graceful")
        assert store.stop_asked(HOST.id) == "graceful"
        assert [host.stop for host in store.hosts()] == ["graceful", None]
        store.ask_to_stop("no such host", "graceful")

    def test_one_that_was_struck_off_hears_of_it_and_keeps_its_jobs(self, store):
        store.add_host(HOST)
        job = take(store, add(store), HOST.id)
        store.remove_host(HOST.id)
        assert store.stop_asked(HOST.id) == "gone"
        assert [run.job for run in store.running(HOST.id)] == [job]

    def test_an_attempt_knows_the_name_of_its_host(self, store):
        store.add_host(HOST)
        job = take(store, add(store), HOST.id)
        assert store.attempts(job.id)[0].host_name == "Grüße"
        store.remove_host(HOST.id)
        assert store.attempts(job.id)[0].host_name == HOST.id

    def test_who_listens_may_be_elected_and_stops_when_told_to(self, store):
        stop = store.listen(lambda: None)
        until(store.is_elected, "an election")
        stop(PATIENCE)
        store.ring()

    def test_to_ring_where_nobody_listens_does_no_harm(self, store):
        store.ring()
        store.add_host(HOST)
        store.ring()


class Pauses(StoreCase):
    def test_a_pause_lasts_until_a_resume(self, store, clock):
        assert store.pauses() == []
        store.pause("q", None)
        store.pause("", clock.now() + timedelta(seconds=5))
        assert store.pauses() == [
            Pause(queue="", since=START, until=START + timedelta(seconds=5)),
            Pause(queue="q", since=START, until=None),
        ]
        assert store.resume("q")
        assert not store.resume("q")
        assert [pause.queue for pause in store.pauses()] == [""]

    def test_it_ends_by_itself(self, store, clock):
        store.pause("q", clock.now() + timedelta(seconds=5))
        clock.forward(5)
        assert store.pauses() == []

    def test_the_last_one_counts(self, store, clock):
        store.pause("q", clock.now() + timedelta(seconds=5))
        clock.forward(1)
        store.pause("q", None)
        assert store.pauses() == [Pause(queue="q", since=clock.now(), until=None)]


class Settings(StoreCase):
    def test_a_setting_is_kept_until_it_is_forgotten(self, store, make_store, clock):
        assert store.settings() == {}
        store.set_setting("timeout", "5s")
        store.set_setting("shell", "ü ' \" \\")
        store.set_setting("timeout", "6s")
        assert make_store(clock).settings() == {"timeout": "6s", "shell": "ü ' \" \\"}
        store.set_setting("timeout", None)
        store.set_setting("never set", None)
        assert store.settings() == {"shell": "ü ' \" \\"}

    @pytest.mark.parametrize("value", ["", "x" * 100_000])
    def test_any_text_is_kept(self, store, value):
        store.set_setting("key", value)
        assert store.settings() == {"key": value}

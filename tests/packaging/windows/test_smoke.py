"""The two .exe files and the installer, run by Wine: begun by packaging/windows/with-wine (make smoke-windows)."""

import contextlib
import json
import os
import socket
import socketserver
import subprocess
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import ImageGrab

from tests.conftest import need
from tests.hosts import until

ROOT = Path(__file__).parents[3]
DIST = ROOT / "dist" / "windows"
PYTHON = ROOT / "build" / "windows" / "python" / "python.exe"
SHOTS = ROOT / "build" / "windows" / "screenshots"
PATIENCE = 60.0
ICON = (1014, 758)
"""Where the taskbar of Wine's desktop has its only icon."""
RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
UNINSTALL_KEY = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\queuectl"
LIBPQ_UNDER_WINE = "unrecognized win32 error code: 127"
"""What libpq writes where a function of Windows is missing; Wine 8 lacks one that it looks for."""
IN_ALL_RESOURCES = """
import json, sys, pefile
types = {number: name.removeprefix("RT_") for name, number in pefile.RESOURCE_TYPE.items() if isinstance(name, str)}
def leaves(directory):
    for entry in directory.entries:
        if hasattr(entry, "directory"):
            yield from leaves(entry.directory)
        else:
            yield entry.data.struct
pe = pefile.PE(sys.argv[1])
found = {types[entry.id]: [pe.get_data(one.OffsetToData, one.Size) for one in leaves(entry.directory)]
         for entry in pe.DIRECTORY_ENTRY_RESOURCE.entries}
texts = {key.decode(): value.decode() for info in pe.FileInfo[0] if hasattr(info, "StringTable")
         for table in info.StringTable for key, value in table.entries.items()}
print(json.dumps({"icons": len(found["ICON"]), "manifest": found["MANIFEST"][0].decode(), "texts": texts,
                  "windowed": pe.OPTIONAL_HEADER.Subsystem == 2}))
"""

pytestmark = [
    pytest.mark.skipif("WINE" not in os.environ, reason="runs in a Windows: make smoke-windows"),
    pytest.mark.timeout(200),
]


def windows(path):
    """Return a path as Wine's programs know it."""
    return "Z:" + str(path).replace("/", "\\")


class Program:
    """One of the executables, with a home of its own."""

    def __init__(self, home, folder=DIST):
        self.home, self.folder = home, folder
        self.environ = {**os.environ, "QUEUECTL_HOME": windows(home)}

    def start(self, name, *words):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        command = [os.environ["WINE"], self.folder / name, *words]
        return subprocess.Popen(command, env=self.environ, text=True, errors="replace", **pipes)

    def run(self, *words, code=0):
        process = self.start("queuectl.exe", *words)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
        reader.start()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
        reader.join(5.0)  # a service that Wine has started meanwhile may hold the pipe open for ever
        output = "".join(lines).replace(LIBPQ_UNDER_WINE, "")
        assert process.returncode == code, output
        return output.strip()

    def json(self, *words):
        return json.loads(self.run(*words, "--json"))

    @contextlib.contextmanager
    def serving(self, name="queuectl.exe", *words):
        process = self.start(name, *words)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
        reader.start()
        try:
            until(lambda: self.json("status")["hosts"], "the host", PATIENCE)
            yield process
            self.run("worker", "stop", "--all")
            assert process.wait(PATIENCE) == 0, "".join(lines)
        finally:
            process.kill()

    def ended(self, job):
        """Wait for a job's end and return it."""
        final = {"completed", "dead", "cancelled"}
        return until(lambda: (shown := self.json("show", job))["state"] in final and shown, "the end", PATIENCE)


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path / "home")


def command_lines():
    """Return the command lines of all processes; Wine's are to be seen like any other."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


@pytest.mark.parametrize(("name", "windowed"), [("queuectl.exe", False), ("queuectl-tray.exe", True)])
def test_an_executable_has_its_icon_version_and_manifest(name, windowed, program):
    command = [os.environ["WINE"], PYTHON, "-c", IN_ALL_RESOURCES, windows(DIST / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True, stdin=subprocess.PIPE)
    found = json.loads(done.stdout)
    version = program.run("--version").split()[-1]
    assert found["icons"] >= 4
    assert found["windowed"] is windowed
    assert found["texts"]["FileVersion"] == found["texts"]["ProductVersion"] == version
    assert found["texts"]["OriginalFilename"] == name
    for setting in ("longPathAware", "UTF-8", "PerMonitorV2", "asInvoker"):
        assert setting in found["manifest"]


def test_a_job_is_run_by_cmd_and_its_output_kept(program):
    job = program.run("enqueue", "echo hello from %OS% & exit /b 0")
    with program.serving("queuectl.exe", "serve"):
        shown = program.ended(job)
        assert shown["state"] == "completed"
        output = program.run("logs", job)
        assert output.startswith("hello from Windows_NT")
        dropped = program.home / "drop" / "two.job"
        dropped.write_text("echo dropped\n")
        jobs = until(lambda: len(found := program.json("list")) == 2 and found, "the dropped job", PATIENCE)
        ids = [str(one["id"]) for one in jobs if str(one["id"]) != job]
        assert program.ended(ids[0])["state"] == "completed"
        assert program.run("logs", ids[0]) == "dropped"
        until((program.home / "drop" / "accepted" / "two.job").exists, "the accepted file")


def test_the_page_is_served(program):
    with program.serving("queuectl.exe", "serve"):
        until(lambda: program.json("status")["hosts"], "the host", PATIENCE)
        facts = program.json("dashboard", "--token")
        headers = {"Authorization": f"Bearer {facts['token']}"}
        with httpx.Client(headers=headers, trust_env=False, timeout=PATIENCE) as script:
            assert "<!doctype html>" in script.get(facts["url"]).text
            added = script.post(f"{facts['api']}/jobs", json={"command": "echo by the page"}).json()
            assert program.ended(str(added["id"]))["state"] == "completed"
            log = script.get(f"{facts['api']}/jobs/{added['id']}/runs/1/log").json()
            assert log["text"].strip() == "by the page"


@pytest.fixture
def shared(postgres_url):
    """A queue on a server of this machine, which the programs reach as one of the network."""
    folder = parse_qs(urlsplit(postgres_url).query)["host"][0]

    class Hand(socketserver.BaseRequestHandler):
        def handle(self):
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(f"{folder}/.s.PGSQL.5432")
                threading.Thread(target=self.pump, args=(server, self.request), daemon=True).start()
                self.pump(self.request, server)

        @staticmethod
        def pump(source, target):
            with contextlib.suppress(OSError):
                while part := source.recv(65536):
                    target.sendall(part)
                target.shutdown(socket.SHUT_WR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Hand) as door:
        door.daemon_threads = True
        threading.Thread(target=door.serve_forever, daemon=True).start()
        yield f"postgresql://postgres@127.0.0.1:{door.server_address[1]}/queue"
        door.shutdown()


def test_a_queue_on_postgresql(program, shared):
    program.environ |= {"QUEUECTL_DB": shared, "QUEUECTL_RUN_QUEUES": "*"}
    with program.serving("queuectl-tray.exe"):
        job = program.run("enqueue", "echo by PostgreSQL")
        assert program.ended(job)["state"] == "completed"
        assert program.run("logs", job) == "by PostgreSQL"
    found = {one["what"]: one for one in program.json("doctor")}
    assert found["postgres"]["level"] == "ok"


def test_a_timeout_kills_the_tree(program):
    mark = "98761"
    with program.serving("queuectl.exe", "serve", "--no-drop"):
        nested = f'cmd /c "ping -n {mark} 127.0.0.1"'
        job = program.run("enqueue", "--timeout", "5s", "--max-retries", "0", nested)
        until(lambda: any(mark in line for line in command_lines()), "the grandchild", PATIENCE)
        shown = program.ended(job)
        assert shown["state"] == "dead"
        assert shown["reason"].startswith("ran longer")
        assert not [line for line in command_lines() if mark in line]


def screen():
    return ImageGrab.grab(xdisplay=os.environ["DISPLAY"])


def shot(name):
    """Keep a picture of the screen, for who wants to look at it."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    screen().save(SHOTS / f"{name}.png")


def click(x, y, button=1):
    subprocess.run([need("xdotool"), "mousemove", str(x), str(y), "click", str(button)], check=True)


def rows(picture):
    """Return the place of each line of text in the menu that stands above the icon; none where there is no menu."""
    grey = picture.convert("L")
    desktop, inside, bottom = grey.getpixel((5, 5)), ICON[0] - 30, ICON[1] - 12
    top = next(y for y in range(bottom, 0, -1) if grey.getpixel((inside, y)) == desktop)
    if top > bottom - 100:
        return []
    left = next(x for x in range(inside, 0, -1) if grey.getpixel((x, top + 3)) == desktop)
    found, text = [], []
    for y in range(top + 3, bottom + 1):
        letters = any(grey.getpixel((x, y)) < 200 for x in range(left + 20, left + 75))
        if letters and grey.getpixel((left + 10, y)) > 200:  # a line between two groups begins further to the left
            text.append(y)
        elif text:
            found.append((left + 30, (text[0] + text[-1]) // 2))
            text = []
    return found


def choose(row):
    """Right-click the icon, and click on one of the menu's lines."""
    click(*ICON, button=3)
    found = until(lambda: len(lines := rows(screen())) > 10 and lines, "the menu", PATIENCE)
    shot(f"tray-menu-{row}")
    click(*found[row])


def test_the_tray_shows_its_icon_and_its_menu_works(program):
    bare = screen().getpixel(ICON)
    tray = program.start("queuectl-tray.exe")
    try:
        until(lambda: screen().getpixel(ICON) != bare, "the icon", PATIENCE)
        until(lambda: program.json("status")["hosts"], "the host", PATIENCE)
        shot("tray-icon")
        choose(1)  # below the line of state
        until(lambda: program.json("status")["paused"], "the pause", PATIENCE)
        choose(3)
        until(lambda: not program.json("status")["paused"], "the resumption", PATIENCE)
        choose(-1)
        assert tray.wait(PATIENCE) == 0
    finally:
        shot("tray-end")
        tray.kill()


def test_the_installer_puts_everything_in_its_place_and_takes_it_away(tmp_path):
    [setup] = DIST.glob("queuectl-*-setup.exe")
    wine = os.environ["WINE"]
    prefix = Path(os.environ["WINEPREFIX"])
    environ = {name: text for name, text in os.environ.items() if name != "QUEUECTL_HOME"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}

    def run(*command):
        done = subprocess.run([wine, *command], env=environ, timeout=PATIENCE, check=False, **pipes)
        return done.returncode, done.stdout.decode(errors="replace")

    def value(key, name):
        code, output = run("reg", "query", rf"HKCU\{key}", "/v", name)
        return output.partition("REG_")[2].partition("    ")[2].strip() if code == 0 else None

    long_path = ";".join(rf"C:\a folder\number {n}" for n in range(200))
    run("reg", "add", r"HKCU\Environment", "/v", "Path", "/t", "REG_EXPAND_SZ", "/d", long_path, "/f")
    assert run(setup, "/S", "/LOGIN")[0] == 0
    [folder] = (prefix / "drive_c" / "users").glob("*/AppData/Local/Programs/queuectl")
    here = "C:\\" + str(folder.relative_to(prefix / "drive_c")).replace("/", "\\")
    assert {file.name for file in folder.iterdir()} == {"queuectl.exe", "queuectl-tray.exe", "uninstall.exe"}
    [menu] = (prefix / "drive_c" / "users").glob("*/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/queuectl.lnk")
    assert value("Environment", "Path") == f"{long_path};{here}"
    assert value(RUN_KEY, "queuectl") == rf'"{here}\queuectl-tray.exe"'
    assert value(UNINSTALL_KEY, "DisplayVersion") == setup.name.split("-")[1]
    assert run(setup, "/S")[0] == 0, "a second time, over the first"
    assert value("Environment", "Path") == f"{long_path};{here}"

    installed = Program(tmp_path / "home", folder)
    installed.environ = environ
    installed.run("enqueue", "echo kept")
    [data] = (prefix / "drive_c" / "users").glob("*/AppData/Local/queuectl")
    host = installed.start("queuectl.exe", "serve", "--no-drop")
    until(lambda: installed.json("status")["hosts"], "the host", PATIENCE)
    assert run(folder / "uninstall.exe", "/S", f"_?={here}")[0] == 0, "it stops what runs"
    assert host.wait(PATIENCE) == 0
    assert not menu.exists()
    assert not (folder / "queuectl.exe").exists()
    assert value("Environment", "Path") == long_path
    assert value(RUN_KEY, "queuectl") is None
    assert value(UNINSTALL_KEY, "DisplayVersion") is None
    assert (data / "queue.db").exists()
    assert run(setup, "/S", "/NOPATH")[0] == 0
    assert value("Environment", "Path") == long_path
    assert run(folder / "uninstall.exe", "/S", "/DELETEDATA", f"_?={here}")[0] == 0
    assert not data.exists()

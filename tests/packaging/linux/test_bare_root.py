"""A Debian with nothing installed but what makes it one: the programs run there, and the package installs and goes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from queuectl import __version__
from queuectl.platform.lock import FileLock
from tests.conftest import CI, need
from tests.packaging.linux.conftest import ROOT

pytestmark = pytest.mark.timeout(400)
BUILD = ROOT / "build"
CACHE = BUILD / "bare-root"


def archive_of_this_system():
    """Ask apt where it gets this system's own packages from, and for which release."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    codename = release["VERSION_CODENAME"].strip('"')
    form = ["--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    told = subprocess.run([need("apt-get"), "indextargets", *form], capture_output=True, text=True, check=True)
    for line in told.stdout.splitlines():
        place, suite, component = line.split()
        if suite == codename and component == "main":
            return place, codename
    raise AssertionError(f"apt knows no main archive of {codename}:\n{told.stdout}")


def make_root():
    done = CACHE / "made"
    if not done.exists():
        place, codename = archive_of_this_system()
        command = [need("debootstrap"), "--variant=minbase", codename, str(CACHE / "root"), place]
        for _ in range(3):  # a download that is damaged on its way fails its signature or its sum
            shutil.rmtree(CACHE, ignore_errors=True)
            CACHE.mkdir(parents=True)
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            if made.returncode == 0:
                break
        assert made.returncode == 0, made.stdout[-2000:] + made.stderr
        done.touch()


@pytest.fixture(scope="module")
def root(dist):
    """Give the bare system; it is made once, whoever needs it first, and stays in build/ for the next time."""
    if os.geteuid() != 0:
        message = "a root of another system needs root"
        (pytest.fail if CI else pytest.skip)(message)
    with FileLock(BUILD / "bare-root.lock"):
        make_root()
    return CACHE / "root"


def inside(root, *command, code=0, env=None):
    """Run a program in there, in an environment of its own."""
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", **(env or {})}
    done = subprocess.run(["chroot", root, *command], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout


def try_out(root, program, home):
    env = {"QUEUECTL_HOME": home}
    assert inside(root, program, "--version") == f"queuectl, version {__version__}\n"
    inside(root, program, "enqueue", "echo bare; uname", env=env)
    inside(root, program, "worker", "start", "--count", "1", "--limit", "1", env=env)
    assert inside(root, program, "logs", "1", env=env) == "bare\nLinux\n"
    checked = inside(root, program, "self", "check", env=env)
    assert "error\t" not in checked, checked


def test_there_is_no_python(root):
    assert not list((root / "usr/bin").glob("python*"))


def test_the_single_files_run_on_a_bare_system(root, dist, tmp_path):
    for name in ("queuectl", "queuectl-tray"):
        target = root / "opt" / name
        target.unlink(missing_ok=True)
        target.write_bytes((dist / name).read_bytes())
        target.chmod(0o755)
    try_out(root, "/opt/queuectl", f"/tmp/{tmp_path.name}-single")
    assert inside(root, "/opt/queuectl-tray", "--version") == f"queuectl-tray {__version__}\n"
    assert "D-Bus" in inside(root, "/opt/queuectl-tray", "--check", code=1)


def test_the_package_installs_runs_and_goes(root, dist, tmp_path):
    [package] = dist.glob("*.deb")
    (root / "tmp/queuectl.deb").write_bytes(package.read_bytes())
    before = inside(root, "/bin/sh", "-c", "find / -xdev -path /proc -prune -o -path /tmp -prune -o -print | sort")
    inside(root, "dpkg", "--install", "/tmp/queuectl.deb")
    try:
        try_out(root, "queuectl", f"/tmp/{tmp_path.name}-package")
        assert inside(root, "queuectl-tray", "--version").startswith("queuectl-tray ")
        assert not list((root / "etc/xdg").glob("autostart/*"))
        assert inside(root, "dpkg", "--verify", "queuectl-tray") == ""
        for file in ("applications/queuectl.desktop", "icons/hicolor/256x256/apps/queuectl.png"):
            assert (root / "usr/share" / file).exists()
    finally:
        inside(root, "dpkg", "--purge", "queuectl-tray")
    after = inside(root, "/bin/sh", "-c", "find / -xdev -path /proc -prune -o -path /tmp -prune -o -print | sort")
    assert {line for line in after.splitlines() if "queuectl" in line and "/opt/" not in line} == set()
    assert set(before.splitlines()) <= set(after.splitlines())

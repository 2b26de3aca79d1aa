"""The .deb is as Debian wants packages, and what a desktop and a shell look for is in it."""

import gzip
import shutil
import subprocess

import pytest

from tests.conftest import need


@pytest.fixture(scope="module")
def package(dist, tmp_path_factory):
    """Unpack the package."""
    [file] = dist.glob("*.deb")
    folder = tmp_path_factory.mktemp("package")
    subprocess.run([need("dpkg-deb"), "--raw-extract", str(file), str(folder)], check=True)
    return folder


def test_nothing_is_run_when_it_is_installed(package):
    assert {file.name for file in (package / "DEBIAN").iterdir()} <= {"control", "md5sums"}


def test_the_menu_entry_is_valid(package):
    entry = package / "usr/share/applications/queuectl.desktop"
    subprocess.run([need("desktop-file-validate"), str(entry)], check=True)
    assert "Exec=queuectl-tray\n" in entry.read_text()
    assert not list(package.rglob("autostart"))


def test_the_manual_tells_every_command(package):
    from queuectl.cli.main import COMMANDS

    page = gzip.decompress((package / "usr/share/man/man1/queuectl.1.gz").read_bytes()).decode()
    for name in COMMANDS:
        assert f".SS queuectl {name}".replace("-", "\\-") in page
    shown = subprocess.run(
        [need("groff"), "-man", "-Tutf8", "-ww"], input=page, capture_output=True, text=True, check=True
    )
    assert shown.stderr == ""
    assert "\\" not in shown.stdout.replace("\\n", "").replace("%LOCALAPPDATA%\\", "")


def test_the_completions_are_scripts_of_their_shells(package):
    share = package / "usr/share"
    for shell, place in (
        ("bash", "bash-completion/completions/queuectl"),
        ("zsh", "zsh/vendor-completions/_queuectl"),
        ("fish", "fish/vendor_completions.d/queuectl.fish"),
    ):
        subprocess.run([need(shell), "-n", str(share / place)], check=True)


def test_lintian_finds_no_error(dist):
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not installed")
    [file] = dist.glob("*.deb")
    told = subprocess.run(
        ["lintian", "--allow-root", "--tag-display-limit", "0", str(file)], capture_output=True, text=True, check=False
    )
    assert [line for line in told.stdout.splitlines() if line.startswith(("E:", "W:"))] == []

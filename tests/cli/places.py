"""Places where writing fails: for want of permission, even for root, and for want of space."""

import contextlib
import os
import resource
import shutil
import subprocess

from tests.conftest import need
from tests.support import PATIENCE

SPACE = 1024 * 1024


@contextlib.contextmanager
def not_above_the_rules():
    """Yield a function that runs a command to which permissions apply, whoever runs it."""
    prefix = []
    if os.geteuid() == 0:
        prefix = [need("setpriv"), "--bounding-set=-dac_override,-dac_read_search"]

    def run(command):
        return subprocess.run([*prefix, *command], capture_output=True, text=True, timeout=PATIENCE, check=False)

    yield run


@contextlib.contextmanager
def cannot_grow(folder):
    """Yield a folder of 1 MiB and a function that runs commands in it; who may not mount gets a limit on each file."""
    folder.mkdir()
    mounted = False
    if os.geteuid() == 0 and shutil.which("mount"):
        size = f"size={SPACE}"
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=False).returncode == 0

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (SPACE, SPACE))

    def run(command, **options):
        if not mounted:
            options["preexec_fn"] = limit
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)

    try:
        yield folder, run
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)

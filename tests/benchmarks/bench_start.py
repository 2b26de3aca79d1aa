"""How long the command line takes, against Python that only imports what it cannot do without."""

import subprocess
import time

from measure import PYTHON, fresh_home, in_turns, report


def timed(*command):
    """Run a command; return its milliseconds."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


def main():
    """Print start-up times."""
    fresh_home()
    base = [PYTHON, "-I", "-c", "import apsw, click"]
    subprocess.run([PYTHON, "-m", "queuectl", "enqueue", "true"], check=True, capture_output=True)
    for words in (["--version"], ["enqueue", "true"], ["list"], ["status"]):
        floor, ours = in_turns(
            lambda: timed(*base), lambda words=words: timed(PYTHON, "-m", "queuectl", *words), rounds=25
        )
        note = f"{ours:.0f} against {floor:.0f} ms"
        report(f"queuectl {words[0]} / python -I -c 'import apsw, click'", f"{ours / floor:.2f}", note=note)


if __name__ == "__main__":
    main()

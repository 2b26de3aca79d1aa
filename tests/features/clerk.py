"""A job that notes when it begins and ends: ``clerk.py FILE NAME [SECONDS [EXIT_CODE]]``."""

import os
import sys
import time

path, name, seconds, code = (*sys.argv[1:], "0", "0")[:4]


def note(what):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{what} {name}\n".encode())
    os.close(descriptor)


note("begin")
time.sleep(float(seconds))
note("end")
sys.exit(int(code))

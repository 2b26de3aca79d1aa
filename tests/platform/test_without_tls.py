"""The server can be imported by a Python without OpenSSL, as in the executables."""

import subprocess
import sys

PROGRAM = """
import sys
sys.modules["_ssl"] = None  # what a Python without OpenSSL lacks
from queuectl.platform.without_tls import stand_in_for_ssl
stand_in_for_ssl()
import uvicorn, uvicorn.protocols.http.h11_impl, uvicorn.loops.asyncio
import queuectl.web.app
import asyncio, anyio, anyio._backends._asyncio
print("served")
"""


def test_the_server_needs_no_openssl():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "served", done.stderr


def test_where_there_is_one_it_stays():
    import ssl

    from queuectl.platform.without_tls import stand_in_for_ssl

    stand_in_for_ssl()
    assert sys.modules["ssl"] is ssl
    assert ssl.create_default_context()

"""TLS before a PostgreSQL server that has none of its own, and the certificates for it."""

import socket
import ssl
import struct
import subprocess
import threading
from contextlib import suppress

from tests.conftest import need
from tests.support import PATIENCE

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


class Authority:
    """Sign certificates, in a folder."""

    def __init__(self, folder):
        folder.mkdir()
        self._folder = folder
        self.certificate = folder / "ca.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=Authority of a test", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip

    def _openssl(self, *args):
        subprocess.run([need("openssl"), *args], cwd=self._folder, check=True, capture_output=True, timeout=PATIENCE)

    def context(self, name):
        """Return what a server of this name needs."""
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-addext",
                      "basicConstraints=critical,CA:FALSE", "-CA", "ca.pem", "-CAkey", "ca.key",
                      "-keyout", "server.key", "-out", "server.pem")  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / "server.pem", self._folder / "server.key")
        return context


class Terminator:
    """Listen where clients are to connect, and pass on what they say; without a context there is no TLS."""

    def __init__(self, cluster, context):
        self._target = (cluster.address, cluster.port)
        self._context = context
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.encrypted = 0
        """How many connections were."""
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Accept no more."""
        self._server.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        with suppress(OSError):
            while True:
                asked = near.recv(8, socket.MSG_WAITALL | socket.MSG_PEEK)
                code = struct.unpack("!ii", asked)[1] if len(asked) == 8 else 0
                if code not in {SSL_REQUEST, GSS_REQUEST}:
                    break
                near.recv(8)
                if code == GSS_REQUEST or self._context is None:
                    near.sendall(b"N")
                else:
                    near.sendall(b"S")
                    near = self._context.wrap_socket(near, server_side=True)
                    self.encrypted += 1
                    break
            far = socket.create_connection(self._target)
            threading.Thread(target=_carry, args=(far, near), daemon=True).start()
            _carry(near, far)
            return
        near.close()


def _carry(source, target):
    with suppress(OSError, ValueError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()

"""A folder as readers get it, over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["serving_folder"]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: who asks tells what happened."""

    def handle(self) -> None:
        """Answer; a browser that leaves before it has everything is no error."""
        with suppress(ConnectionError):
            super().handle()


@contextmanager
def serving_folder(folder: Path) -> Iterator[str]:
    """The address, with a slash at its end, of a server of a folder, which may come later."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()

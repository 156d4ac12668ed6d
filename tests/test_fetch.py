"""Where the files come from, and what happens when a source is at fault.

The faults are real: a web server on this machine, real files, real processes. The four files
are small stand-ins, so that every test runs everywhere.
"""

import gzip
import hashlib
import json
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mnist_lessons._datasets import CLOTHES
from mnist_lessons._fetch import Found, Limits, cache_folder, verified_files
from mnist_lessons.errors import DataError, SettingError
from mnist_lessons.settings import Settings

ONLINE = Settings(offline=False)
OFFLINE = Settings(offline=True)
SAMPLE = Found("nowhere", None)
RAW = Path("MNIST") / "raw"
TRAIN_IMAGES = "train-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"

Fault = Callable[[BaseHTTPRequestHandler, bytes, threading.Event], None]


class Mirror:
    """A web server on this machine: healthy for so many requests, at fault from then on."""

    def __init__(self, packed: dict[str, bytes], fault: Fault | None, healthy: int) -> None:
        self.requests: list[str] = []
        self.stopped = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.partition("?")[0].removeprefix("/").removesuffix(".gz")
                mirror.requests.append(name)
                if fault and len(mirror.requests) > healthy:
                    fault(self, packed[name], mirror.stopped)
                else:
                    answer(self, packed[name], len(packed[name]))

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a client that hangs up is what many of these tests want

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def answer(request: BaseHTTPRequestHandler, body: bytes, length: int | None = None) -> None:
    request.send_response(200)
    if length is not None:
        request.send_header("Content-Length", str(length))
    request.end_headers()
    request.wfile.write(body)


def is_busy(request, body, stopped):
    request.send_error(503)


def redirects(request, body, stopped):
    """Whoever follows gets the right file."""
    if "again" in request.path:
        answer(request, body)
        return
    request.send_response(302)
    request.send_header("Location", f"{request.path}?again")
    request.end_headers()


def shows_a_login_page(request, body, stopped):
    answer(request, b"<html>Please accept the terms of this hotel.</html>")


def cuts_the_body(request, body, stopped):
    answer(request, body[: len(body) // 2])


def cuts_the_body_and_lies(request, body, stopped):
    answer(request, body[: len(body) // 2], len(body))


def resets(request, body, stopped):
    answer(request, body[:100], len(body))
    # With this option, closing the socket sends a reset instead of a goodbye.
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()


def changes_a_byte(request, body, stopped):
    answer(request, body[:-20] + bytes([body[-20] ^ 1]) + body[-19:], len(body))


def never_ends(request, body, stopped):
    answer(request, body)
    while not stopped.is_set():
        request.wfile.write(bytes(1 << 16))


def speaks_no_http(request, body, stopped):
    request.wfile.write(b"220 ready\r\n\r\n")


def says_nothing(request, body, stopped):
    stopped.wait()


def stalls(request, body, stopped):
    answer(request, body[:1024], len(body))
    stopped.wait()


def trickles(request, body, stopped):
    answer(request, b"", len(body))
    drip(request, body, stopped)


def trickles_headers(request, body, stopped):
    request.wfile.write(b"HTTP/1.0 200 OK\r\nX-Wait: ")
    drip(request, b"x" * 60_000, stopped)


def drip(request, body, stopped):
    for byte in body:
        if stopped.wait(0.02):
            return
        request.wfile.write(bytes([byte]))


PATIENT = Limits(stall=30, total=60)
STALLED = Limits(stall=1, total=60)
SLOW = Limits(stall=30, total=2)

FAULTS = [
    pytest.param(fault, limits, said, id=fault.__name__)
    for fault, limits, said in [
        (is_busy, PATIENT, "HTTP status 503"),
        (redirects, PATIENT, "HTTP status 302"),
        (shows_a_login_page, PATIENT, "ended after 51 of"),
        (cuts_the_body, PATIENT, "ended after"),
        (cuts_the_body_and_lies, PATIENT, "IncompleteRead"),
        (resets, PATIENT, "reset by peer"),
        (changes_a_byte, PATIENT, "does not match the known hash"),
        (never_ends, PATIENT, "is larger than its"),
        (speaks_no_http, PATIENT, "BadStatusLine"),
        (says_nothing, STALLED, "timed out"),
        (stalls, STALLED, "timed out"),
        (trickles, SLOW, "too slow"),
        (trickles_headers, SLOW, "too slow"),
    ]
]


@pytest.fixture
def mirror(small_mnist) -> Iterator[Callable[..., Mirror]]:
    """Starts a mirror, with a fault or without."""
    started: list[Mirror] = []

    def start(fault: Fault | None = None, *, healthy: int = 0) -> Mirror:
        started.append(Mirror(small_mnist.packed, fault, healthy))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def unreachable() -> str:
    """The address of a mirror that nobody serves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


@pytest.fixture(autouse=True)
def temporary(monkeypatch, tmp_path) -> Path:
    """The folder for temporary files: empty at first, so that a leftover shows."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def assert_tidy(small_mnist, temporary) -> Callable[..., None]:
    """Checks that the cache holds whole files only, and that no temporary file is left."""

    def check(*, complete: bool) -> None:
        cache = cache_folder()
        found = {path.relative_to(cache) for path in cache.rglob("*") if path.is_file()}
        files = {RAW / name for name in small_mnist.contents}
        assert found - {Path("download.lock")} <= files
        assert not complete or found >= files
        assert not (cache / "partial").exists()
        for path in found & files:
            assert (cache / path).read_bytes() == small_mnist.contents[path.name]
        assert list(temporary.iterdir()) == []

    return check


def contents_in(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / RAW).iterdir()}


# Where the files come from


def test_the_folder_comes_first(small_mnist, mirror, tmp_path):
    small_mnist.write(cache_folder())
    folder = small_mnist.write(tmp_path / "mine")
    healthy = mirror()
    with verified_files(Settings(data=folder), mirrors=[healthy.url]) as found:
        assert found == Found("folder", folder)
    assert healthy.requests == []


def test_the_cache_comes_second(small_mnist, mirror):
    small_mnist.write(cache_folder())
    healthy = mirror()
    with verified_files(ONLINE, mirrors=[healthy.url]) as found:
        assert found == Found("cache", cache_folder())
    assert healthy.requests == []


def test_the_first_mirror_comes_third_and_fills_the_cache(small_mnist, mirror, assert_tidy):
    first, second = mirror(), mirror()
    with verified_files(ONLINE, mirrors=[first.url, second.url]) as found:
        assert found == Found("download", cache_folder())
    assert first.requests == list(small_mnist.contents)
    assert second.requests == []
    assert_tidy(complete=True)
    with verified_files(ONLINE, mirrors=[first.url]) as found:
        assert found.source == "cache"
    assert len(first.requests) == 4


@pytest.mark.usefixtures("small_mnist")
def test_the_sample_is_left_where_no_mirror_can_be_reached(unreachable, assert_tidy, capfd):
    with verified_files(ONLINE, mirrors=[unreachable, unreachable]) as found:
        assert found == SAMPLE
    error = capfd.readouterr().err
    assert error.count(f"{unreachable} failed") == 2
    assert max(map(len, error.splitlines())) < 250
    assert "MNIST_LESSONS_DATA" in error
    assert "MNIST_LESSONS_OFFLINE=1" in error
    assert_tidy(complete=False)


@pytest.mark.usefixtures("small_mnist")
def test_offline_with_an_empty_cache_the_sample_is_left_and_says_why(capfd):
    with verified_files(OFFLINE) as found:
        assert found == SAMPLE
    assert "MNIST_LESSONS_OFFLINE=1" in capfd.readouterr().err
    assert not cache_folder().exists()


# The folder in MNIST_LESSONS_DATA


def test_a_folder_of_raw_files_is_used_as_it_is(small_mnist, tmp_path):
    folder = small_mnist.write(tmp_path / "mine")
    with verified_files(Settings(data=folder)) as found:
        assert found.root == folder


@pytest.mark.parametrize(
    "packed",
    [
        [TRAIN_IMAGES, "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", TEST_LABELS],
        [TRAIN_IMAGES],
        [TEST_LABELS],
    ],
    ids=["all", "first", "last"],
)
def test_gzipped_files_are_unpacked_for_the_time_of_the_load(
    packed, small_mnist, tmp_path, temporary
):
    folder = small_mnist.write(tmp_path / "mine", packed=packed)
    before = contents_in(folder)
    with verified_files(Settings(data=folder)) as found:
        assert found.source == "folder"
        assert contents_in(found.root) == small_mnist.contents
    assert contents_in(folder) == before
    assert list(temporary.iterdir()) == []


def test_a_raw_file_goes_before_its_gzipped_copy(small_mnist, tmp_path):
    folder = small_mnist.write(tmp_path / "mine")
    (folder / RAW / f"{TEST_LABELS}.gz").write_bytes(b"never read")
    with verified_files(Settings(data=folder)) as found:
        assert found.root == folder


def nothing_there(folder):
    pass


def a_file_there(folder):
    folder.write_bytes(b"")


def empty(folder):
    folder.mkdir()


def without_one_file(folder):
    (folder / RAW / TEST_LABELS).unlink()


@pytest.mark.parametrize(
    ("make", "filled"),
    [(nothing_there, False), (a_file_there, False), (empty, False), (without_one_file, True)],
)
def test_a_folder_without_mnist_is_an_error_and_never_a_silent_fallback(
    make, filled, small_mnist, mirror, tmp_path
):
    small_mnist.write(cache_folder())
    healthy = mirror()
    folder = tmp_path / "mine"
    if filled:
        small_mnist.write(folder)
    make(folder)
    with (
        pytest.raises(SettingError, match=r"^MNIST_LESSONS_DATA: looked for .*MNIST/raw") as caught,
        verified_files(Settings(data=folder), mirrors=[healthy.url]),
    ):
        pass
    assert caught.value.exit_status == 2
    assert str(folder) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert healthy.requests == []


@pytest.mark.parametrize("inside", [RAW, RAW.parent])
def test_a_folder_too_deep_is_an_error(inside, small_mnist, tmp_path):
    folder = small_mnist.write(tmp_path / "mine") / inside
    with pytest.raises(SettingError), verified_files(Settings(data=folder)):
        pass


def test_a_folder_with_an_impossible_name_is_an_error():
    folder = Path("/", "x" * 5000)
    with pytest.raises(SettingError), verified_files(Settings(data=folder)):
        pass


def test_a_folder_that_may_not_be_entered_is_an_error(small_mnist, open_folder):
    folder = small_mnist.write(open_folder / "mine")
    (folder / "MNIST").chmod(0)
    try:
        with (
            ordinary_user(),
            pytest.raises(SettingError),
            verified_files(Settings(data=folder)),
        ):
            pass
    finally:
        (folder / "MNIST").chmod(0o755)


@pytest.mark.parametrize("name", [TRAIN_IMAGES, TEST_LABELS])
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[:-1], id="short"),
        pytest.param(lambda content: content + b"\0", id="long"),
        pytest.param(lambda content: content[:30] + b"?" + content[31:], id="changed"),
        pytest.param(lambda content: b"<html>not found</html>", id="web page"),
        pytest.param(lambda content: gzip.compress(content), id="gzipped under the raw name"),
    ],
)
def test_a_raw_file_that_is_not_mnist_is_named(spoil, name, small_mnist, tmp_path):
    small_mnist.write(cache_folder())
    folder = small_mnist.write(tmp_path / "mine")
    path = folder / RAW / name
    path.write_bytes(spoil(path.read_bytes()))
    with (
        pytest.raises(DataError, match=r"SHA-256 .* expected .* replace it") as caught,
        verified_files(Settings(data=folder)),
    ):
        pass
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", [TRAIN_IMAGES, TEST_LABELS])
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda packed: b"", id="empty"),
        pytest.param(lambda packed: packed[: len(packed) // 2], id="cut"),
        pytest.param(lambda packed: packed[:40] + b"\xff\xff\xff" + packed[43:], id="changed"),
        pytest.param(lambda packed: gzip.decompress(packed), id="raw under the gzipped name"),
        pytest.param(lambda packed: b"<html>not found</html>", id="web page"),
        pytest.param(lambda packed: gzip.compress(bytes(50_000_000), 1), id="gzip bomb"),
    ],
)
def test_a_corrupt_gzipped_file_is_named(spoil, name, small_mnist, tmp_path, temporary):
    folder = small_mnist.write(tmp_path / "mine", packed=[name])
    path = folder / RAW / f"{name}.gz"
    path.write_bytes(spoil(path.read_bytes()))
    with (
        pytest.raises(DataError, match="replace it by a fresh copy") as caught,
        verified_files(Settings(data=folder)),
    ):
        pass
    assert str(path) in str(caught.value)
    assert list(temporary.iterdir()) == []


# A mirror at fault


@pytest.mark.parametrize(("fault", "limits", "said"), FAULTS)
def test_a_mirror_at_fault_is_left_for_the_next(
    fault, limits, said, mirror, small_mnist, assert_tidy, capfd
):
    bad, good = mirror(fault), mirror()
    with verified_files(ONLINE, mirrors=[bad.url, good.url], limits=limits) as found:
        assert found == Found("download", cache_folder())
        assert contents_in(found.root) == small_mnist.contents
    assert bad.requests == [TRAIN_IMAGES]
    error = capfd.readouterr().err
    assert f"{bad.url} failed" in error
    assert said in error
    assert_tidy(complete=True)


@pytest.mark.parametrize(("fault", "limits", "said"), FAULTS)
def test_the_sample_is_left_where_the_only_mirror_is_at_fault(
    fault, limits, said, mirror, assert_tidy
):
    with verified_files(ONLINE, mirrors=[mirror(fault).url], limits=limits) as found:
        assert found == SAMPLE
    assert_tidy(complete=False)


def test_what_a_mirror_gave_before_its_fault_is_kept(mirror, small_mnist, assert_tidy):
    bad, good = mirror(cuts_the_body, healthy=2), mirror()
    with verified_files(ONLINE, mirrors=[bad.url, good.url]) as found:
        assert found.source == "download"
    assert good.requests == list(small_mnist.contents)[2:]
    assert_tidy(complete=True)


def test_a_mirror_that_recovers_is_used_at_the_next_load(mirror, assert_tidy):
    with verified_files(ONLINE, mirrors=[mirror(is_busy).url]) as found:
        assert found == SAMPLE
    with verified_files(ONLINE, mirrors=[mirror().url]) as found:
        assert found.source == "download"
    assert_tidy(complete=True)


def test_a_missing_certificate_bundle_is_no_exception(mirror, monkeypatch, assert_tidy, capfd):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    url = mirror().url.replace("http:", "https:")
    with verified_files(ONLINE, mirrors=[url]) as found:
        assert found == SAMPLE
    assert "bundle" in capfd.readouterr().err
    assert_tidy(complete=False)


def test_a_stranger_on_the_https_port_is_no_exception(mirror, assert_tidy):
    url = mirror().url.replace("http:", "https:")
    with verified_files(ONLINE, mirrors=[url]) as found:
        assert found == SAMPLE
    assert_tidy(complete=False)


# A cache at fault


def test_no_single_bit_flip_in_a_cached_file_is_accepted(small_mnist):
    cache = small_mnist.write(cache_folder())
    chance = random.Random(0)
    accepted = []
    for _ in range(100):
        path = cache / RAW / chance.choice(list(small_mnist.contents))
        bit = chance.randrange(8 * path.stat().st_size)
        flip(path, bit)
        with verified_files(OFFLINE) as found:
            if found != SAMPLE:
                accepted.append((path.name, bit))
        flip(path, bit)
    assert accepted == []
    with verified_files(OFFLINE) as found:  # the files are as they were: the flips were the cause
        assert found.source == "cache"


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


DAMAGES = pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: os.truncate(path, path.stat().st_size // 2), id="half-written"),
        pytest.param(lambda path: os.truncate(path, path.stat().st_size + 1), id="too long"),
        pytest.param(lambda path: flip(path, 99), id="bit flip"),
        pytest.param(lambda path: path.unlink(), id="deleted"),
    ],
)


@DAMAGES
@pytest.mark.parametrize("name", [TRAIN_IMAGES, TEST_LABELS])
def test_a_damaged_cached_file_heals_and_the_others_are_kept(
    damage, name, small_mnist, mirror, assert_tidy
):
    damage(small_mnist.write(cache_folder()) / RAW / name)
    healthy = mirror()
    with verified_files(ONLINE, mirrors=[healthy.url]) as found:
        assert found == Found("download", cache_folder())
    assert healthy.requests == [name]
    assert_tidy(complete=True)


@DAMAGES
def test_offline_a_damaged_cached_file_leads_to_the_sample(damage, small_mnist, capfd):
    damage(small_mnist.write(cache_folder()) / RAW / TRAIN_IMAGES)
    with verified_files(OFFLINE) as found:
        assert found == SAMPLE
    assert "no complete MNIST" in capfd.readouterr().err


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Permissions do not bind root: be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder(monkeypatch) -> Iterator[Path]:
    """A folder that every user may enter (pytest's own are private), and one for temporaries."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("TMPDIR")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        temporary = Path(name, "temporary")
        temporary.mkdir()
        temporary.chmod(0o777)
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        yield Path(name)


@pytest.mark.parametrize("state", ["absent", "damaged"])
def test_a_read_only_cache_works_says_so_and_keeps_nothing(
    state, small_mnist, mirror, open_folder, monkeypatch, capfd
):
    with verified_files(ONLINE, mirrors=[mirror().url]):
        pass  # now all is imported: nobody may have no right to read a module
    monkeypatch.setenv("XDG_CACHE_HOME", str(open_folder / "home"))
    cache = cache_folder()
    if state == "damaged":
        flip(small_mnist.write(cache) / RAW / TEST_LABELS, 99)
    cache.mkdir(parents=True, exist_ok=True)
    folders = [cache, *(path for path in cache.rglob("*") if path.is_dir())]
    before = sorted(cache.rglob("*"))
    healthy = mirror()
    for folder in folders:
        folder.chmod(0o555)
    try:
        with ordinary_user(), verified_files(ONLINE, mirrors=[healthy.url]) as found:
            assert found.source == "download"
            assert contents_in(found.root) == small_mnist.contents
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert not found.root.exists()
    assert f"cannot write to the cache {cache}" in capfd.readouterr().err
    assert sorted(cache.rglob("*")) == before
    assert list((open_folder / "temporary").iterdir()) == []


def test_a_complete_read_only_cache_is_read(small_mnist, open_folder, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(open_folder / "home"))
    raw = small_mnist.write(cache_folder()) / RAW
    raw.chmod(0o555)
    try:
        with ordinary_user(), verified_files(ONLINE, mirrors=[]) as found:
            assert found == Found("cache", cache_folder())
    finally:
        raw.chmod(0o755)


def test_a_cache_below_a_regular_file_works_and_says_so(
    small_mnist, mirror, monkeypatch, tmp_path, temporary, capfd
):
    home = tmp_path / "home"
    home.write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    with verified_files(ONLINE, mirrors=[mirror().url]) as found:
        assert found.source == "download"
        assert contents_in(found.root) == small_mnist.contents
    assert "nothing will be kept" in capfd.readouterr().err
    assert home.read_bytes() == b""
    assert list(temporary.iterdir()) == []


# Other processes

CHILD = """
import json, resource, sys
from mnist_lessons import _fetch
from mnist_lessons._datasets import MNIST, DataFile
from mnist_lessons.errors import LessonError
from mnist_lessons.settings import Settings

files, mirrors, size_limit, events = *json.loads(sys.argv[1]), []
vars(MNIST)["files"] = tuple(DataFile(**file) for file in files)
if size_limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_limit, size_limit))
print("ready", flush=True)
sys.stdin.readline()
sys.addaudithook(lambda name, _: name.startswith("socket.") and events.append(name))
try:
    with _fetch.verified_files(Settings.from_environment(), mirrors=mirrors) as found:
        print(json.dumps([found.source, str(found.root), events]))
except LessonError as error:
    print(json.dumps([type(error).__name__, str(error), events]))
"""


@pytest.fixture
def child(small_mnist, monkeypatch) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts a process that is ready to load the files: it waits for a line."""
    monkeypatch.setenv("MNIST_LESSONS_OFFLINE", "0")
    files = [asdict(file) for file in small_mnist.files]
    started: list[subprocess.Popen] = []

    def start(*mirrors: str, size_limit: int = 0) -> subprocess.Popen:
        order = json.dumps([files, mirrors, size_limit])
        command = [sys.executable, "-c", CHILD, order]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def go(process: subprocess.Popen) -> None:
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()


def result(process: subprocess.Popen) -> list:
    out, error = process.communicate()
    assert process.returncode == 0, error
    return json.loads(out)


def test_four_first_loads_at_once_fetch_each_file_once(mirror, child, small_mnist, assert_tidy):
    healthy = mirror()
    processes = [child(healthy.url) for _ in range(4)]
    for process in processes:
        go(process)
    for process in processes:
        source, root, _ = result(process)
        assert source in ("download", "cache")
        assert root == str(cache_folder())
    assert sorted(healthy.requests) == sorted(small_mnist.contents)
    assert_tidy(complete=True)


def test_after_a_kill_in_mid_download_the_next_load_cleans_up(mirror, child, assert_tidy):
    process = child(mirror(trickles, healthy=1).url)
    go(process)
    partial = cache_folder() / "partial"
    while not [path for path in partial.glob("tmp*") if path.is_file()]:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert partial.exists()
    with verified_files(ONLINE, mirrors=[mirror().url]) as found:
        assert found.source == "download"
    assert_tidy(complete=True)


# A process that may not write a file beyond a size fails as it does on a full disk.
FULL = pytest.mark.parametrize("room", [512, 60_000], ids=["at the download", "at the unpacking"])


@FULL
def test_a_full_disk_is_one_clear_line_and_heals(room, mirror, child, small_mnist, assert_tidy):
    assert len(small_mnist.packed[TRAIN_IMAGES]) < 60_000 < len(small_mnist.contents[TRAIN_IMAGES])
    healthy = mirror()
    process = child(healthy.url, healthy.url, size_limit=room)
    go(process)
    error, line, _ = result(process)
    assert error == "DataError"
    assert line.startswith(f"cannot store MNIST in {cache_folder()}: File too large")
    assert "MNIST_LESSONS_DATA" in line
    assert len(line.splitlines()) == 1
    assert_tidy(complete=False)
    with verified_files(ONLINE, mirrors=[healthy.url]) as found:
        assert found.source == "download"
    assert_tidy(complete=True)


def test_a_full_temporary_folder_is_one_clear_line(child, small_mnist, monkeypatch, tmp_path):
    folder = small_mnist.write(tmp_path / "mine", packed=[TEST_LABELS])
    monkeypatch.setenv("MNIST_LESSONS_DATA", str(folder))
    process = child(size_limit=60_000)
    go(process)
    error, line, _ = result(process)
    assert (error, "File too large" in line) == ("DataError", True)


def test_offline_no_socket_is_opened(mirror, child, monkeypatch):
    healthy = mirror()
    monkeypatch.setenv("MNIST_LESSONS_OFFLINE", "1")
    process = child(healthy.url)
    go(process)
    assert result(process) == ["nowhere", "None", []]
    assert healthy.requests == []


@pytest.mark.parametrize("source", ["folder", "cache"])
def test_files_at_hand_open_no_socket(source, mirror, child, small_mnist, monkeypatch, tmp_path):
    root = small_mnist.write(tmp_path / "mine" if source == "folder" else cache_folder())
    if source == "folder":
        monkeypatch.setenv("MNIST_LESSONS_DATA", str(root))
    process = child(mirror().url)
    go(process)
    assert result(process) == [source, str(root), []]


def test_a_download_does_open_sockets(mirror, child):
    """The two tests above could see one."""
    process = child(mirror().url)
    go(process)
    source, _, events = result(process)
    assert source == "download"
    assert {"socket.getaddrinfo", "socket.connect"} <= set(events)


# What a lesson can do without


@pytest.mark.usefixtures("small_clothes")
@pytest.mark.parametrize("given", [False, True], ids=["no folder", "a folder of MNIST alone"])
def test_an_extra_is_fetched_from_the_next_mirror_and_kept_in_the_cache(
    given, small_mnist, mirror, tmp_path
):
    data = small_mnist.write(tmp_path / "mine") if given else None
    bad, good = mirror(changes_a_byte), mirror()
    for expected in ("download", "cache"):
        with verified_files(Settings(data=data), CLOTHES, mirrors=[bad.url, good.url]) as found:
            assert found == Found(expected, cache_folder())
    assert good.requests == [file.name for file in CLOTHES.files]
    for file in CLOTHES.files:
        cached = cache_folder() / "FashionMNIST" / "raw" / file.name
        assert cached.read_bytes() == small_mnist.contents[file.name]


@pytest.mark.usefixtures("small_clothes")
def test_offline_no_mirror_is_asked_for_an_extra(mirror):
    healthy = mirror()
    with verified_files(OFFLINE, CLOTHES, mirrors=[healthy.url]) as found:
        assert found == SAMPLE
    assert healthy.requests == []
    assert not cache_folder().exists()


@pytest.mark.usefixtures("small_clothes")
def test_an_extra_that_cannot_be_fetched_is_named(unreachable, capfd):
    with verified_files(ONLINE, CLOTHES, mirrors=[unreachable]) as found:
        assert found == SAMPLE
    said = capfd.readouterr().err
    assert "Fashion-MNIST could not be downloaded" in said
    assert "to go on without trying" in said


def test_the_published_files_of_an_extra_are_those_that_torchvision_knows(mnist_folder):
    """Its MD5 sums, `FashionMNIST.resources`, are of the archives as their makers published them.

    Debian has left the names and the dates out of the archives; with them, they are the same.
    """
    published = ["bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310"]
    made = (1_504_176_627).to_bytes(4, "little")  # seconds since 1970, in August 2017
    for file, md5 in zip(CLOTHES.files, published, strict=True):
        path = (mnist_folder or Path()) / CLOTHES.folder / f"{file.name}.gz"
        if not path.exists():
            pytest.skip("Fashion-MNIST is not on this machine")
        content = path.read_bytes()
        if not content[3]:
            head = b"\x1f\x8b\x08\x08" + made + content[8:10]
            content = head + file.name.encode() + b"\0" + content[10:]
        assert hashlib.md5(content).hexdigest() == md5
        assert hashlib.sha256(content).hexdigest() == file.packed_sha256
        assert len(content) == file.packed_size

"""The built site in a real browser, beside the pages that mkdocs-jupyter makes by default."""

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from playwright.sync_api import Browser, Page

from benchmarks.browsing import (
    Visit,
    chromium,
    compressed,
    html_errors,
    layout_shift,
    load_slowly,
    violations,
    width_of_page,
)
from benchmarks.links import broken_links
from benchmarks.rows import Check, Part
from benchmarks.static import serving_folder
from mnist_lessons.data import load_mnist
from mnist_lessons.errors import SettingError
from mnist_lessons.export import load
from mnist_lessons.framing import pixels_of
from mnist_lessons.settings import Settings

__all__ = ["checked_site", "measure"]

_ROOT = Path(__file__).parents[1]
_STROKES = _ROOT / "tests" / "browser" / "strokes.json"
_IMAGES = 1_000
_NARROWEST = 320  # CSS pixels
_LOOKS = [(width, dark) for width in (1280, 390) for dark in (False, True)]
_MOVES = 40
_DEFAULTS = """\
site_name: Lessons
theme: material
plugins:
  - search
  - mkdocs-jupyter
"""
_ANSWERS = """async ([keys, images]) => {
  const { loadNetworks } = await import("../javascripts/draw/networks.js");
  const { logits } = await import("../javascripts/draw/inference.js");
  const networks = await loadNetworks(keys);
  return networks.map(network => images.map(pixels => Array.from(logits(network, pixels))));
}"""
_FRAMED = """async drawings => {
  const { ALL, seen } = await import("../javascripts/draw/seeing.js");
  return drawings.map(strokes => Array.from(seen(strokes, ALL).pixels));
}"""


def checked_site(folder: Path) -> Path:
    """A folder that holds a built site.

    Raises:
        SettingError: it does not.
    """
    if not list(folder.glob("tutorials/*/run.json")):
        raise SettingError(f"there is no site in {folder}: build one with make site")
    return folder.resolve()


def measure(site: Path) -> Part:
    """Open every page of a site, and what mkdocs-jupyter makes of the same notebooks.

    Args:
        site: a built site.
    """
    runs = sorted(site.glob("tutorials/*/run.json"))
    cards = [json.loads(run.read_text(encoding="utf-8")) for run in runs]
    with tempfile.TemporaryDirectory(prefix="mnist-lessons-") as temporary, chromium() as browser:
        ours = _measured(browser, site, site, "this site")
        theirs = _default_pages(site, Path(temporary))
        default = _measured(browser, theirs, theirs / "tutorials", "mkdocs-jupyter")
        demo = _demo(browser, site, cards)
    figures = {"ours": ours, "theirs": default, "demo": demo}
    return Part(_heading(cards, ours), [*_of_pages(ours, default), *_of_demo(demo)], figures)


def _default_pages(site: Path, root: Path) -> Path:
    """A site of the executed notebooks, with the other pages that they link to."""
    docs = root / "docs"
    (docs / "tutorials").mkdir(parents=True)
    for page in (_ROOT / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8").replace(".py)", ".ipynb)")
        (docs / page.name).write_text(text, encoding="utf-8")
    for notebook in site.glob("tutorials/*/*.ipynb"):
        shutil.copy(notebook, docs / "tutorials")
    (root / "mkdocs.yml").write_text(_DEFAULTS, encoding="utf-8")
    command = [sys.executable, "-P", "-m", "mkdocs", "build", "-q"]
    built = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if built.returncode:
        raise SystemExit(f"\nbenchmarks: mkdocs build failed:\n{built.stdout}{built.stderr}")
    return root / "site"


def _measured(browser: Browser, site: Path, part: Path, name: str) -> dict[str, float]:
    """The figures of the pages in a part of a site."""
    pages = [page.relative_to(site).as_posix() for page in sorted(part.rglob("*.html"))]
    lessons = [page for page in pages if page.startswith("tutorials/")]
    with serving_folder(site) as address:
        figures = {"pages": float(len(pages)), **_seen(browser, address, pages, name)}
        figures |= _loaded(browser, address, site, lessons, name)
    _tell(f"{name}: HTML and links")
    _, broken = broken_links(site)
    figures["broken_links"] = sum(page in pages for page, *_ in broken)
    figures["invalid"] = len(html_errors(part))
    figures["html"] = max(compressed(site / lesson) for lesson in lessons) / 1000
    return figures


def _seen(browser: Browser, address: str, pages: Sequence[str], name: str) -> dict[str, float]:
    """What a browser says of pages: wide and narrow, light and dark."""
    broken, problems, away, sideways = 0, 0, 0, 0
    for number, page in enumerate(pages, start=1):
        _tell(f"{name}: page {number} of {len(pages)}")
        for width, dark in _LOOKS:
            with _visit(browser, address + page, width=width, dark=dark) as visit:
                broken += len(violations(visit.page))
                problems += len(visit.problems)
                away += len(visit.sent_away())
        with _visit(browser, address + page, width=_NARROWEST) as visit:
            sideways += width_of_page(visit.page) > _NARROWEST
    return {"axe": broken, "problems": problems, "away": away, "sideways": sideways}


def _loaded(
    browser: Browser, address: str, site: Path, lessons: Sequence[str], name: str
) -> dict[str, float]:
    """The heaviest first visit in kB, compressed, and the greatest shift of the layout."""
    weights, shifts = [], []
    for number, lesson in enumerate(lessons, start=1):
        _tell(f"{name}: loading lesson {number} of {len(lessons)}")
        for width, dark in _LOOKS:
            with _visit(browser, address + lesson, width=width, dark=dark) as visit:
                weights.append(sum(visit.weight(site).values()) / 1000)
                load_slowly(visit.page)
                shifts.append(layout_shift(visit.page))
    return {"first_visit": max(weights), "shift": max(shifts)}


@contextmanager
def _visit(browser: Browser, address: str, **options: Any) -> Iterator[Visit]:
    visit = Visit(browser, address, wait_until="networkidle", **options)
    try:
        yield visit
    finally:
        visit.close()


def _demo(browser: Browser, site: Path, cards: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Parity, speed and size of the page where readers draw, and of that of the errors."""
    noted = [one for card in cards for one in card["networks"]]
    _tell("demo: parity and speed")
    with serving_folder(site) as address, _visit(browser, f"{address}draw/") as visit:
        visit.page.wait_for_selector("[data-ready]")
        # Before parity, which also loads networks that the page does not show.
        loaded = visit.weight(site)
        figures = _parity(visit.page, site)
        figures["milliseconds"] = _milliseconds(visit.page)
    scripts = [size for file, size in loaded.items() if file.startswith("javascripts/draw/")]
    styles = [loaded[f"stylesheets/{name}.css"] for name in ("pad", "draw")]
    files = [size for file, size in loaded.items() if file.startswith("draw/")]
    costs = [abs(one["stored_accuracy"] - one["accuracy"]) for one in noted]
    errors = [site / "errors" / name for name in ("digits.png", "errors.json")]
    return figures | {
        "points": 100 * max(costs),
        "size": sum([*files, *scripts, *styles]) / 1000,
        "script": sum(scripts) / 1000,
        "errors": sum(map(compressed, errors)) / 1000,
    }


def _parity(page: Page, site: Path) -> dict[str, float]:
    """How far the browser's logits are from PyTorch's, with the weights of the site."""
    described = json.loads((site / "draw" / "networks.json").read_text(encoding="utf-8"))
    networks = described["networks"]
    raw = load_mnist(Settings.from_environment()).test.images[:_IMAGES].float()
    drawings = [one["strokes"] for one in json.loads(_STROKES.read_text(encoding="utf-8"))]
    framed = torch.stack([torch.from_numpy(pixels_of(strokes)) for strokes in drawings])
    theirs = torch.tensor(page.evaluate(_FRAMED, drawings)).reshape(framed.shape)
    images = torch.cat([raw, framed])  # (N, 28, 28), 0 to 255
    keys = [network["key"] for network in networks]
    answers = page.evaluate(_ANSWERS, [keys, images.flatten(1).tolist()])
    worst, different = 0.0, 0
    for network, logits in zip(networks, torch.tensor(answers), strict=True):
        stored = (site / "draw" / f"{network['key']}.weights.bin").read_bytes()
        with torch.no_grad():
            model = load(network, gzip.decompress(stored))
            own = model(images[:, None] * network["gain"] + network["offset"])
        worst = max(worst, (logits - own).abs().max().item())
        different += int((logits.argmax(dim=1) != own.argmax(dim=1)).sum())
    return {
        "images": float(len(raw)),
        "strokes": float(len(drawings)),
        "logits": worst,
        "different": different,
        "framing": (framed - theirs).abs().max().item() / 255,
    }


def _milliseconds(page: Page) -> float:
    """What the page itself says of one answer, after a line was drawn."""
    page.locator(".draw-area").scroll_into_view_if_needed()
    box = page.locator(".draw-area").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.1 * box["height"])
    page.mouse.down()
    for step in range(_MOVES):
        across, down = 0.4 + 0.2 * step / _MOVES, 0.1 + 0.8 * step / _MOVES
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()
    return float(page.locator("[data-time]").inner_text().split()[0])


def _of_pages(ours: dict[str, float], theirs: dict[str, float]) -> list[Check]:
    told = [
        ("Violations of accessibility (axe), each look of each page", 0, "axe", ""),
        ("HTML of a lesson, compressed", 30, "html", "kB"),
        ("First visit to a lesson, compressed", 150, "first_visit", "kB"),
        ("Layout shift while a lesson loads", 0.02, "shift", ""),
        ("Requests to other hosts", 0, "away", ""),
        ("Errors on the console, refusals of the policy among them", 0, "problems", ""),
        (f"Pages that scroll sideways at {_NARROWEST} px", 0, "sideways", ""),
        ("Links, images and downloads that lead nowhere", 0, "broken_links", ""),
        ("Errors in HTML and SVG that are not the theme's", 0, "invalid", ""),
    ]
    return [
        Check(what, target, ours[name], theirs[name], unit) for what, target, name, unit in told
    ]


def _of_demo(demo: dict[str, float]) -> list[Check]:
    told = [
        ("Demo: greatest difference of logits", 1e-3, "logits", ""),
        ("Demo: answers that differ from PyTorch's", 0, "different", ""),
        ("Demo: greatest difference of a framed pixel, of white", 1e-3, "framing", ""),
        ("Demo: accuracy that storing the weights has changed", 0.05, "points", "pt"),
        ("Demo: one answer of all networks, as the page shows it", 12, "milliseconds", "ms"),
        ("Demo: all that it loads of its own, compressed", 220, "size", "kB"),
        ("Demo: its scripts, compressed", 22, "script", "kB"),
        ("Errors: picture and list, compressed", 150, "errors", "kB"),
    ]
    return [Check(what, target, demo[name], None, unit) for what, target, name, unit in told]


def _heading(cards: Sequence[dict[str, Any]], ours: dict[str, float]) -> list[str]:
    about = ", ".join(
        f"{card['lesson']} ({card['profile']}, {card['data']['dataset']})" for card in cards
    )
    return [
        f"Pages in a browser: {ours['pages']:.0f} of this site, from {about}.",
        "Beside them the same lessons as mkdocs-jupyter makes them by default, with Material.",
    ]


def _tell(what: str) -> None:
    print(f"{what} ...", flush=True)

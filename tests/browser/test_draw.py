"""The page where readers draw a digit, in a real browser."""

import base64
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect

from benchmarks.browsing import layout_shift, load_slowly, violations
from benchmarks.static import serving_folder
from mnist_lessons import export, framing
from mnist_lessons._words import a
from mnist_lessons.data import normalise
from mnist_lessons.evaluation import predict
from mnist_lessons.models import ImprovedCNN, SimpleDNN
from mnist_lessons.publishing.exhibits import draw
from mnist_lessons.publishing.exhibits.sources import Sources
from mnist_lessons.publishing.site.policy import with_policy
from mnist_lessons.runlog import Run
from mnist_lessons.settings import Settings
from mnist_lessons.training import TrainConfig
from tests.publishing.cards import as_built, raw_card

pytestmark = pytest.mark.slow  # its networks are trained first

DOCS = Path(__file__).parents[2] / "docs"
STROKES = json.loads((Path(__file__).parent / "strokes.json").read_text())
KEYS = ("one/dnn", "two/cnn")
NAMES = dict(zip(KEYS, ("simple network", "convolutional network"), strict=True))
PAGE = """\
<!doctype html>
<html class="no-js" lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Draw a digit</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="../stylesheets/extra.css">
<script>document.documentElement.className = "js";</script></head>
<body class="md-typeset"><main><h1>Draw a digit</h1>{block}</main>
<script>
  // As the theme's observable of pages.
  const document$ = {{
    subscribe(show) {{
      this.next = show;
      show();
    }},
  }};
</script>
<script type="module" src="../javascripts/site.js"></script></body></html>
"""


def trained(run, lesson, model, key, splits, epochs):
    torch.manual_seed(1)
    config = TrainConfig(epochs=epochs, batch_size=64, learning_rate=1e-3)
    history = run.fit(key, model, splits, config)
    run.result(key, f"Network {key}", predict(model, splits.test), model, history)
    run.publish(key, model, splits, name=NAMES[f"{lesson}/{key}"])


@pytest.fixture(scope="module")
def runs(sample, tmp_path_factory):
    """Two lessons, each with a network that has learned a little."""
    folder = tmp_path_factory.mktemp("runs")
    made = []
    for lesson, key, model, options in (
        ("one", "dnn", SimpleDNN(), {}),
        ("two", "cnn", ImprovedCNN(), {"mean": 0.1307, "std": 0.3081}),
    ):
        run = Run(lesson, seed=1, settings=Settings(runs=folder))
        splits = normalise(run.loaded(sample), **options)
        trained(run, lesson, model, key, splits, epochs=3)
        made.append(as_built(run.folder))
    return made


@pytest.fixture(scope="module")
def stored(runs):
    """The networks as they are stored, by key: the description and PyTorch's model."""
    found = {}
    for run in runs:
        for noted in raw_card(run)["networks"]:
            content = (run.folder / f"{noted['key']}.weights").read_bytes()
            found[f"{run.card.lesson}/{noted['key']}"] = noted, export.load(noted, content)
    return found


def write_site(folder, runs):
    sources = Sources(folder, {run.card.lesson: run for run in runs})
    for name, content in draw.files(sources).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    page = with_policy(PAGE.format(block=draw.block(sources, *KEYS)))
    (folder / "draw" / "index.html").write_text(page, encoding="utf-8")
    for kind in ("javascripts", "stylesheets"):
        shutil.copytree(DOCS / kind, folder / kind)


@pytest.fixture(scope="module")
def demo(runs, tmp_path_factory):
    """The page's address, under the policy of the site."""
    folder = tmp_path_factory.mktemp("site")
    write_site(folder, runs)
    with serving_folder(folder) as address:
        yield f"{address}draw/"


@pytest.fixture
def open_demo(browser, demo):
    """Opens the page; at the end nothing has gone wrong in it, and nobody else was asked."""
    contexts, wrong = [], []

    def open_it(*, ready=True, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((demo.removesuffix("draw/"), "data:"))
                else wrong.append(asked.url)
            ),
        )
        page.goto(demo)
        if ready:
            page.wait_for_selector("[data-ready]")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(open_demo):
    return open_demo()


def on_area(page, x, y):
    """A place in the drawing area, 0 to 1, as a place in the window."""
    page.locator(".draw-area").scroll_into_view_if_needed()
    box = page.locator(".draw-area").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page, *points, lift=True):
    page.mouse.move(*on_area(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*on_area(page, *point), steps=5)
    if lift:
        page.mouse.up()


def pixels_seen(page):
    """What is shown as that which the networks see, (28, 28)."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    address = page.locator(".draw-seen").evaluate("canvas => canvas.toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        return np.array(picture.convert("L")).astype(int)


def wait_for_other_pixels(page, before):
    """Until something else is shown; a busy browser may take its time."""
    for _ in range(300):
        if (pixels_seen(page) != before).any():
            return
        page.wait_for_timeout(100)
    pytest.fail("the same is shown after half a minute")


def read_by(page, key):
    return page.locator(f'[data-answer="{key}"]').inner_text()


def live(page):
    """What a screen reader says."""
    return page.locator("[aria-live]")


def words(page):
    """The sentence that is seen."""
    return page.locator(".draw-words").inner_text()


def next_error(page, number=1):
    page.get_by_role("button", name="Next error of the simple network").click()
    expect(page.locator(".draw-words")).to_contain_text(f"Error {number} ")


SEVEN = ((0.25, 0.2), (0.7, 0.2), (0.45, 0.85))
SENTENCE = r"The simple network reads \d, .*sure.*\. The convolutional network reads \d, .*sure"


# The grey levels of the hundred units of a layer, in four rows of squares.
UNITS = """canvas => [...Array(100).keys()].map((i) => {
  const [x, y] = [10 * (i % 25) + 4, 10 * Math.floor(i / 25) + 4];
  return canvas.getContext("2d").getImageData(x, y, 1, 1).data[0];
})"""


# Parity.


@pytest.mark.parametrize("key", KEYS)
def test_logits_are_those_of_pytorch_on_a_thousand_images(key, page, sample, stored):
    raw = torch.cat([sample.test.images, sample.train.images[:500]])
    noted, model = stored[key]
    with torch.no_grad():
        theirs = model(raw[:, None] * noted["gain"] + noted["offset"])
    ours = torch.tensor(
        page.evaluate(
            """async ([key, images]) => {
                const { loadNetworks } = await import("../javascripts/draw/networks.js");
                const { logits } = await import("../javascripts/draw/inference.js");
                const [network] = await loadNetworks([key]);
                return images.map((pixels) => Array.from(logits(network, pixels)));
            }""",
            [key, raw.flatten(1).tolist()],
        )
    )
    assert ours.shape == (1_000, 10)
    assert (ours - theirs).abs().max() < 1e-3
    assert torch.equal(ours.argmax(dim=1), theirs.argmax(dim=1))


def test_the_page_reads_strokes_as_python_does(page, stored):
    drawings = [drawing["strokes"] for drawing in STROKES[::7]]
    told = page.evaluate(
        "drawings => drawings.map(document.querySelector('[data-ready]').read)", drawings
    )
    pixels = torch.stack([torch.from_numpy(framing.pixels_of(strokes)) for strokes in drawings])
    for n, key in enumerate(KEYS):
        noted, model = stored[key]
        with torch.no_grad():
            logits = model(pixels[:, None] * noted["gain"] + noted["offset"])
        ours = [readings[n] for readings in told]
        assert {one["name"] for one in ours} == {NAMES[key]}
        assert torch.tensor([one["logits"] for one in ours]).sub(logits).abs().max() < 1e-2
        probabilities = torch.tensor([one["probabilities"] for one in ours])
        assert torch.allclose(probabilities, logits.softmax(dim=1), atol=1e-2)
        assert all(one["sure"] for one in ours)


def test_temperature_softens_what_is_shown_and_a_threshold_makes_unsure(open_demo, demo):
    page = open_demo()
    strokes = STROKES[23]["strokes"]
    before = page.evaluate("one => document.querySelector('[data-ready]').read(one)", strokes)

    def soften(route):
        content = route.fetch().json()
        content["networks"][0] |= {"temperature": 3, "sure": 1}
        route.fulfill(json=content)

    page.route("**/networks.json", soften)
    page.reload()
    page.wait_for_selector("[data-ready]")
    after = page.evaluate("one => document.querySelector('[data-ready]').read(one)", strokes)
    assert after[1] == before[1]
    assert after[0]["logits"] == before[0]["logits"]
    softened = (torch.tensor(after[0]["logits"]) / 3).softmax(dim=0)
    assert torch.allclose(torch.tensor(after[0]["probabilities"]), softened, atol=1e-6)
    assert (before[0]["sure"], after[0]["sure"]) == (True, False)
    drag(page, *SEVEN)
    first, second = page.locator('[data-doubt="one/dnn"]').evaluate_all(
        """cells => [...cells.keys()].sort((one, other) =>
            cells[other].style.getPropertyValue("--share") -
            cells[one].style.getPropertyValue("--share"))"""
    )[:2]
    told = f"The simple network is not sure: perhaps {first}, or {second}. The convolutional"
    expect(live(page)).to_contain_text(told)
    assert read_by(page, KEYS[0]) == f"{first}?"


# Drawing.


def test_both_networks_answer_while_the_line_is_drawn(page):
    page.get_by_role("button", name="Clear").click()
    pixels_seen(page)
    assert [read_by(page, key) for key in KEYS] == ["?", "?"]
    drag(page, *SEVEN[:2], lift=False)
    assert pixels_seen(page).any()
    assert all(read_by(page, key).isdigit() for key in KEYS)
    assert f"The simple network reads {read_by(page, KEYS[0])}, " in words(page)
    assert f"The convolutional network reads {read_by(page, KEYS[1])}, " in words(page)
    page.mouse.up()
    page.get_by_role("button", name="Clear").click()
    pixels_seen(page)
    assert words(page) == "Nothing is drawn."


def test_on_a_phone_pad_and_answers_are_seen_together(open_demo):
    page = open_demo(viewport={"width": 390, "height": 780}, has_touch=True)
    page.locator(".draw-area").evaluate("area => area.scrollIntoView()")
    assert page.locator(".draw-area").bounding_box()["y"] >= 0
    last = page.locator("[data-answer]").last.bounding_box()
    assert last["y"] + last["height"] < 700
    tops = [page.locator(name).first.bounding_box()["y"] for name in (
        ".draw-area", '[data-do="clear"]', "[data-next]", ".draw-doubts", ".draw-words",
        ".draw-verdict", ".draw-help", ".draw-seen",
    )]  # fmt: skip
    assert tops == sorted(tops)


def test_an_empty_pad_says_what_it_is_for(page):
    hint = "getComputedStyle(document.querySelector('.draw-area'), '::after').content"
    assert "Draw your own" in page.evaluate(hint.replace("after", "before"))
    page.get_by_role("button", name="Clear").click()
    assert "Draw a digit here" in page.evaluate(hint)
    drag(page, *SEVEN, lift=False)
    assert page.evaluate(hint) == "none"
    page.mouse.up()
    page.get_by_role("button", name="Clear").click()
    assert "Draw a digit here" in page.evaluate(hint)
    next_error(page)
    assert page.evaluate(hint) == "none"


def test_doubts_are_told_in_words_and_add_up(page):
    drag(page, *SEVEN)
    expect(live(page)).to_have_text(re.compile(SENTENCE))
    for key in KEYS:
        cells = page.locator(f'[data-doubt="{key}"]')
        assert cells.count() == 10
        shares = [
            float(cell.evaluate("cell => cell.style.getPropertyValue('--share')"))
            for cell in cells.all()
        ]
        assert sum(shares) == pytest.approx(1)
        best = int(np.argmax(shares))
        assert read_by(page, key) == str(best)
        assert "draw-best" in (cells.nth(best).get_attribute("class") or "")
        assert all("%" in cell.inner_text() for cell in cells.all())


def test_all_maps_are_those_of_the_drawing_and_of_the_followed_network(page):
    maps = page.locator(".draw-maps canvas")
    page.get_by_text("All that its hidden layers").click()
    drag(page, *SEVEN)
    pixels_seen(page)
    units = re.compile(r"Hidden layer (\d): a square for each of its 100 units. (\d+) of them, bl")
    told = [units.match(one.get_attribute("aria-label")).groups() for one in maps.all()]
    assert [number for number, _ in told] == ["1", "2"]
    shown = [one.evaluate(UNITS) for one in maps.all()]
    for values, (_, silent) in zip(shown, told, strict=True):  # a small answer is black, too
        assert 0 <= values.count(0) - int(silent) <= 3
    assert [(len(values), max(values)) for values in shown] == [(100, 255)] * 2
    page.get_by_label("Follow the").select_option("convolutional network")
    pixels_seen(page)
    assert [one.get_attribute("aria-label") for one in maps.all()] == [
        "Convolution 1 makes 10 maps of 24 by 24 of it.",
        "Convolution 2 makes 20 maps of 8 by 8 of it.",
    ]
    once = [one.evaluate("canvas => canvas.toDataURL()") for one in maps.all()]
    drag(page, (0.35, 0.5), (0.65, 0.55))
    pixels_seen(page)
    twice = [one.evaluate("canvas => canvas.toDataURL()") for one in maps.all()]
    assert all(before != after for before, after in zip(once, twice, strict=True))


def test_a_finger_draws_and_does_not_scroll(open_demo):
    page = open_demo(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 700})
    client = page.context.new_cdp_session(page)
    places = [on_area(page, x, y) for x, y in ((0.5, 0.15), (0.5, 0.4), (0.5, 0.6), (0.5, 0.85))]
    before = page.evaluate("scrollY")

    def touch(kind, *points):
        touched = [{"x": x, "y": y} for x, y in points]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    touch("touchStart", places[0])
    for place in places[1:]:
        touch("touchMove", place)
    touch("touchEnd")
    seen = pixels_seen(page)
    assert page.evaluate("scrollY") == before
    assert seen.any(axis=1).sum() >= 19, "one long line"
    assert seen.any(axis=0).sum() < 6
    assert read_by(page, KEYS[1]).isdigit()


def test_a_second_finger_draws_nothing(open_demo):
    page = open_demo(has_touch=True, viewport={"width": 390, "height": 700})
    client = page.context.new_cdp_session(page)
    first, second = (dict(zip("xy", on_area(page, x, 0.5), strict=True)) for x in (0.3, 0.7))
    first["id"], second["id"] = 1, 2
    for kind, points in (
        ("touchStart", [first]),
        ("touchStart", [first, second]),
        ("touchEnd", []),
    ):
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.locator("[data-centred]").uncheck()
    assert not pixels_seen(page)[:, 14:].any()


def test_a_digit_can_be_drawn_with_the_keyboard_alone(page, listen):
    was_said = listen(live(page))
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "draw-area":
            break
    area, brush = page.locator(".draw-area"), page.locator(".draw-brush")
    expect(area).to_be_focused()
    assert area.evaluate("area => getComputedStyle(area).outlineStyle") != "none"
    described = area.get_attribute("aria-describedby")
    assert "arrows" in page.locator(f"#{described}").inner_text()
    expect(brush).to_be_visible()
    page.keyboard.press("ArrowUp")
    assert not pixels_seen(page).any(), "the brush is up"
    page.keyboard.press("Space")
    was_said("The brush is down.")
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    was_said("The brush is up.")
    page.keyboard.press("ArrowLeft")
    seen = pixels_seen(page)
    assert seen.any(axis=1).sum() == 20
    assert seen.any(axis=0).sum() < 8
    assert page.evaluate("scrollY") == 0, "arrows and space do not scroll"


def test_the_brush_stays_in_the_area(page):
    page.locator(".draw-area").focus()
    for key in ("ArrowRight", "ArrowDown"):
        for _ in range(60):
            page.keyboard.press(key)
    inner, outer = (page.locator(name).bounding_box() for name in (".draw-brush", ".draw-area"))
    assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 2
    assert inner["y"] + inner["height"] <= outer["y"] + outer["height"] + 2


def test_undo_takes_the_last_line_and_clear_takes_all(page):
    drag(page, *SEVEN)
    one = pixels_seen(page)
    drag(page, (0.35, 0.5), (0.65, 0.55))
    assert (pixels_seen(page) != one).any()
    page.get_by_role("button", name="Undo").click()
    assert (pixels_seen(page) == one).all()
    for _ in range(2):
        page.get_by_role("button", name="Clear").click()
        assert not pixels_seen(page).any()
    assert [read_by(page, key) for key in KEYS] == ["?", "?"]
    expect(live(page)).to_have_text("Nothing is drawn.")
    page.get_by_role("button", name="Undo").click()
    assert (pixels_seen(page) == one).all()
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
        assert not pixels_seen(page).any()


def test_a_drawing_comes_back_after_test_digits(page):
    drag(page, *SEVEN)
    mine = pixels_seen(page)
    for number in (1, 2):
        next_error(page, number=number)
    theirs = pixels_seen(page)
    assert (theirs != mine).any()
    drag(page, (0.5, 0.2), (0.5, 0.8))
    assert (pixels_seen(page) != theirs).any()
    page.locator(".draw-area").press("Control+z")
    assert (pixels_seen(page) == theirs).all()
    assert words(page).startswith("Error 2 of ")
    page.locator(".draw-area").press("Control+z")
    assert (pixels_seen(page) == mine).all()
    assert words(page).startswith("The simple network reads")


@pytest.mark.parametrize("width", [1280, 1000, 760, 390, 320])
def test_answers_stay_where_they_are(width, open_page):
    page = open_page("draw/", width=width)
    page.wait_for_selector("[data-ready]")
    longest = (
        "Error 39 of 40 (the surest of 232) of the CNN: it is an 8. "
        "The best CNN reads 8, 94% sure; hesitates with 3. "
        "The best DNN reads 8, over 99% sure; hesitates with 3. "
        "The CNN reads 8, 94% sure; hesitates with 3."
    )
    places = set()
    for text in ("", longest):
        page.locator(".draw-words").evaluate("(one, text) => { one.textContent = text; }", text)
        places.add(page.locator(".draw-verdict").evaluate("one => one.offsetTop"))
    assert len(places) == 1


# Before anything is drawn.


def test_a_digit_writes_itself_until_somebody_draws(page):
    first = pixels_seen(page)
    assert first.any()
    wait_for_other_pixels(page, first)  # a digit rests a while, and the next follows
    assert read_by(page, KEYS[0]).isdigit()
    assert not page.locator(".draw-way").get_attribute("data-unread")
    drag(page, (0.5, 0.1), (0.5, 0.9))
    mine = pixels_seen(page)
    assert mine.any(axis=0).sum() < 8
    page.wait_for_timeout(600)
    assert (pixels_seen(page) == mine).all()
    expect(page.get_by_role("button", name="Show an example")).to_be_visible()
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
        assert not pixels_seen(page).any(), "the example does not come back"


def test_an_example_can_be_stopped_and_asked_for(page):
    page.get_by_role("button", name="Stop the example").click()
    still = pixels_seen(page)
    page.wait_for_timeout(300)
    assert (pixels_seen(page) == still).all()
    drag(page, *SEVEN)
    mine = pixels_seen(page)
    page.get_by_role("button", name="Show an example").click()
    wait_for_other_pixels(page, mine)
    page.get_by_role("button", name="Undo").click()
    assert (pixels_seen(page) == mine).all()


def test_an_example_is_not_read_aloud(page):
    said = live(page).inner_text()
    page.wait_for_timeout(1_500)
    assert live(page).inner_text() == said
    assert "reads" in words(page)


def test_a_key_takes_over_from_the_example(page):
    page.locator(".draw-area").press("ArrowDown")
    assert not pixels_seen(page).any()


def test_without_motion_the_example_is_there_at_once(open_demo):
    page = open_demo(reduced_motion="reduce")
    written = pixels_seen(page)
    assert written.any(axis=1).sum() >= 19
    page.wait_for_timeout(300)
    assert (pixels_seen(page) == written).all()
    page.get_by_role("button", name="Show an example").click()
    wait_for_other_pixels(page, written)


# The way from ink to answer.


def test_each_stage_shows_what_became_of_the_drawing(page):
    drag(page, *SEVEN)
    pixels_seen(page)
    way = page.locator(".draw-way")
    assert way.get_attribute("data-unread") is None
    for name in ("strokes", "ink", "pixels", "maps"):
        colours = way.locator(f'canvas[data-stage="{name}"]').evaluate(
            """canvas => {
                const { width, height } = canvas;
                const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
                return new Set(data.filter((_, i) => i % 4 === 0)).size;
            }"""
        )
        assert colours > 3, name
    told = page.evaluate(
        """strokes => document.querySelector("[data-ready]").read(strokes)[0]""",
        [[[140 * x, 140 * y] for x, y in SEVEN]],
    )
    logits = way.locator('[data-stage="logits"] td').all_inner_texts()
    assert len(logits) == len(told["logits"]) == 10
    best = int(np.argmax([float(value) for value in logits]))
    assert read_by(page, KEYS[0]) == str(best)
    assert all(
        "%" in one for one in way.locator('[data-stage="probabilities"] td').all_inner_texts()
    )
    page.get_by_role("button", name="Clear").click()
    pixels_seen(page)
    assert way.get_attribute("data-blank") == ""


def test_size_and_place_do_not_matter_unless_fitting_is_off(page):
    small = [(0.1 + 0.2 * x, 0.1 + 0.2 * y) for x, y in SEVEN]
    drag(page, *SEVEN)
    large = pixels_seen(page)
    page.get_by_role("button", name="Clear").click()
    drag(page, *small)
    fitted = pixels_seen(page)
    assert np.abs(fitted - large).mean() < 12
    page.get_by_role("switch", name="Fit my strokes").uncheck()
    assert pixels_seen(page).mean() > 1.3 * fitted.mean(), "a blob"
    page.get_by_role("switch", name="Fit my strokes").check()
    page.get_by_role("switch", name="MNIST's thickness").uncheck()
    assert pixels_seen(page).mean() < 0.6 * fitted.mean()


def test_centring_brings_a_small_digit_to_the_middle(page):
    drag(page, (0.1, 0.1), (0.2, 0.1), (0.15, 0.25))
    centred = pixels_seen(page)
    assert centred.any(axis=1).sum() == 20
    page.get_by_role("switch", name="Centre my digit").uncheck()
    small = pixels_seen(page)
    assert small[:9, :9].any()
    assert not small[9:].any()
    assert not small[:, 9:].any()
    page.get_by_role("switch", name="Centre my digit").check()
    assert (pixels_seen(page) == centred).all()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_while_the_page_loads_and_a_digit_writes_itself(width, open_demo):
    page = open_demo(viewport={"width": width, "height": 800})
    load_slowly(page)
    page.wait_for_timeout(1_500)
    assert layout_shift(page) <= 0.02


# Test digits.


@pytest.mark.parametrize("key", KEYS)
def test_the_next_error_is_read_wrong_and_the_truth_is_told(key, page, runs):
    [errors] = [
        json.loads(path.read_text())["errors"]
        for run in runs
        for path in run.folder.glob(f"{key.partition('/')[2]}.errors.json")
    ]
    name = NAMES[key]
    button = page.get_by_role("button", name=f"Next error of the {name}")
    for number, (_, true, read, _) in enumerate(errors[:3], start=1):
        button.click()
        shown = min(40, len(errors))
        all_of_them = f" (the surest of {len(errors)})" if len(errors) > 40 else ""
        told = f"Error {number} of {shown}{all_of_them} of the {name}"
        expect(live(page)).to_contain_text(f"{told}: it is {a(true)}.")
        assert read_by(page, key) == str(read)


def test_arrows_move_a_test_digit_and_centring_brings_it_back(page, runs, sample):
    next_error(page)
    framed = pixels_seen(page)
    errors = json.loads((runs[0].folder / "dnn.errors.json").read_text())["errors"]
    assert (framed == sample.test.images[errors[0][0]].numpy()).all(), "as MNIST has it"
    page.locator(".draw-area").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert (pixels_seen(page) == framed).all()
    page.get_by_role("switch", name="Centre my digit").uncheck()
    assert (pixels_seen(page) == np.roll(framed, (1, 1), axis=(0, 1))).all()
    page.locator(".draw-area").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert pixels_seen(page).sum() == framed.sum(), "no ink leaves the area"


def test_drawing_replaces_a_test_digit(page):
    next_error(page)
    drag(page, (0.5, 0.1), (0.5, 0.9))
    assert pixels_seen(page).any(axis=0).sum() < 6
    expect(live(page)).not_to_contain_text("Error")


# The reader's verdict.


def judged_wrong(page, meant):
    drag(page, *SEVEN)
    pixels_seen(page)
    page.get_by_role("button", name="It read me wrong").click()
    page.get_by_role("button", name=str(meant), exact=True).click()


def other_than(page):
    """A digit that no network has read."""
    drag(page, *SEVEN)
    pixels_seen(page)
    read = {int(read_by(page, key)) for key in KEYS}
    page.get_by_role("button", name="Clear").click()
    return next(digit for digit in range(10) if digit not in read)


def test_a_misread_digit_is_shown_beside_the_nearest_training_images(page, demo):
    asked = []
    page.on("response", lambda answer: asked.append(answer))
    meant = other_than(page)
    judged_wrong(page, meant)
    told = page.locator("[data-comparison]")
    expect(
        told.get_by_text(re.compile("training images of these two digits, the nearest to yours"))
    ).to_be_visible()
    expect(told.locator("figure")).to_have_count(3)
    expect(told.get_by_text(re.compile(r"nearest of \d+ training images of a"))).to_have_count(2)
    rows = told.locator("tbody tr")
    assert [row.split("\t")[0] for row in rows.all_inner_texts()] == list(NAMES.values())
    loaded = [answer for answer in asked if "training-" in answer.url]
    assert len(loaded) == 2
    assert sum(len(answer.body()) for answer in loaded) <= 40_000
    assert violations(page) == []


def test_a_comparison_is_of_the_latest_reading(page):
    judged_wrong(page, other_than(page))
    shares = page.locator("[data-comparison] tbody")
    before = shares.inner_text()
    page.get_by_label("Centre my digit").uncheck()
    expect(shares).not_to_have_text(before, use_inner_text=True)
    said = [row.split("\t")[1] for row in shares.locator("tr").all_inner_texts()]
    assert said == [read_by(page, key) for key in KEYS]


def test_the_score_stays_in_this_browser_until_it_is_reset(page):
    meant = other_than(page)
    score = page.locator("[data-score]")
    assert score.inner_text() == ""
    judged_wrong(page, meant)
    told = "Read right so far: simple network {0} of {1}, convolutional network {0} of {1}."
    expect(score).to_have_text(told.format(0, 1))
    page.get_by_role("button", name=str(read_by(page, KEYS[0])), exact=True).click()
    expect(score).to_contain_text("simple network 1 of 1")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="It read me right")).to_be_disabled()
    drag(page, *SEVEN)
    pixels_seen(page)
    for _ in range(2):
        page.get_by_role("button", name="It read me right").click()
    expect(score).to_contain_text("simple network 2 of 2")
    page.reload()
    page.wait_for_selector("[data-ready]")
    expect(score).to_contain_text("simple network 2 of 2")
    page.get_by_role("button", name="Reset the score").click()
    expect(score).to_have_text("")
    page.reload()
    page.wait_for_selector("[data-ready]")
    expect(score).to_have_text("")


def test_a_digit_counts_once_and_not_at_all_once_it_is_undone(page):
    score = page.locator("[data-score]")

    def judge(meant):
        pixels_seen(page)
        page.get_by_role("button", name="It read me wrong").click()
        page.get_by_role("button", name=str(meant), exact=True).click()

    def undo():
        page.get_by_role("button", name="Undo").click()
        pixels_seen(page)

    meant = other_than(page)
    bar = ((0.35, 0.5), (0.65, 0.55))
    drag(page, *SEVEN)
    judge(meant)
    drag(page, *bar)
    judge(meant)
    expect(score).to_contain_text(" of 1,")
    undo()
    expect(score).to_have_text("")
    drag(page, *bar)
    judge(meant)
    expect(score).to_contain_text(" of 1,")
    page.get_by_role("button", name="Clear").click()
    undo()  # here it is again
    judge(meant)
    expect(score).to_contain_text(" of 1,")
    page.get_by_role("button", name="Clear").click()
    drag(page, *SEVEN)
    judge(meant)
    expect(score).to_contain_text(" of 2,")
    page.get_by_role("switch", name="Fit my strokes").uncheck()
    undo()
    expect(score).to_contain_text(" of 1,")
    page.reload()
    page.wait_for_selector("[data-ready]")
    expect(score).to_contain_text(" of 1,")


def test_the_strokes_can_be_saved_as_a_file(page):
    meant = other_than(page)
    judged_wrong(page, meant)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my strokes").click()
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved["digit"] == meant
    [stroke] = saved["strokes"]
    assert np.allclose(stroke[0], [140 * value for value in SEVEN[0]], atol=0.6)


def test_an_example_and_a_test_digit_are_not_judged(page):
    wrong = page.get_by_role("button", name="It read me wrong")
    pixels_seen(page)
    assert wrong.is_disabled()
    next_error(page)
    assert wrong.is_disabled()


# What a reader can rely on.


def test_the_time_of_an_answer_is_measured_and_shown(page, record_property):
    drag(page, *SEVEN, lift=False)
    for step in range(30):
        page.mouse.move(*on_area(page, 0.45 + step / 100, 0.85))
        pixels_seen(page)
    page.mouse.up()
    shown = page.locator("[data-time]").inner_text()
    record_property("milliseconds_per_answer", shown)
    print(f"one answer of both networks: {shown}")
    number, unit = shown.split()
    assert unit == "ms"
    assert float(number) >= 0


def test_it_works_offline_once_it_is_loaded(page):
    page.context.set_offline(True)
    drag(page, *SEVEN)
    pixels_seen(page)
    assert all(read_by(page, key).isdigit() for key in KEYS)


def test_instant_navigation_may_bring_the_page_again(page):
    drag(page, *SEVEN)
    page.evaluate(
        """async () => {
            const main = document.querySelector("main");
            const content = await (await fetch(location.href)).text();
            const fresh = new DOMParser().parseFromString(content, "text/html");
            main.replaceWith(document.importNode(fresh.querySelector("main"), true));
            history.pushState(null, "", "../tutorials/elsewhere/");
            document$.next();
        }"""
    )
    page.wait_for_selector("[data-ready]")
    drag(page, *SEVEN)
    pixels_seen(page)
    assert all(read_by(page, key).isdigit() for key in KEYS)


def test_a_page_that_is_told_of_twice_is_started_once(page):
    page.evaluate("document$.next()")
    drag(page, *SEVEN)
    once = pixels_seen(page)
    page.get_by_role("button", name="Undo").click()
    assert once.any()
    assert not pixels_seen(page).any()


def test_the_lightest_network_answers_while_others_are_loading(open_demo):
    page = open_demo()
    page.route("**/one/dnn.weights.bin", lambda route: None)
    page.reload()
    expect(page.locator(f'[data-answer="{KEYS[1]}"]')).to_have_text(re.compile(r"\d"))
    assert read_by(page, KEYS[0]) == "?"
    drag(page, *SEVEN)
    pixels_seen(page)
    assert re.fullmatch(r"The convolutional network reads \d, [^.]*\.", words(page))


def test_what_could_not_be_loaded_is_told(browser, demo):
    page = browser.new_page()
    page.route("**/*.weights.bin", lambda route: route.fulfill(status=503))
    page.goto(demo)
    expect(live(page)).to_contain_text("could not be loaded (two/cnn.weights.bin: 503)")
    drag(page, *SEVEN)
    assert pixels_seen(page).any(), "one can still draw"
    page.close()


@pytest.mark.parametrize("what", ["errors", "training"])
def test_what_is_fetched_later_may_fail(browser, demo, what):
    page = browser.new_page()
    page.route("**/*errors.bin", lambda route: route.fulfill(status=503))
    page.route("**/training-*.bin", lambda route: route.fulfill(status=503))
    page.goto(demo)
    page.wait_for_selector("[data-ready]")
    if what == "errors":
        page.get_by_role("button", name="Next error of the convolutional network").click()
        told = "The test digits could not be loaded (two/cnn.errors.bin: 503)."
    else:
        judged_wrong(page, other_than(page))
        told = "The training images could not be loaded (training-"
    expect(live(page)).to_contain_text(told)
    drag(page, *SEVEN)
    pixels_seen(page)
    assert read_by(page, KEYS[1]).isdigit(), "one can still draw"
    page.close()


def test_without_javascript_there_is_a_sentence_and_a_picture(open_demo):
    page = open_demo(java_script_enabled=False, ready=False)
    expect(page.locator(".draw-area")).to_be_hidden()
    expect(page.get_by_text("Drawing needs JavaScript")).to_be_visible()
    picture = page.locator(".draw-without img")
    expect(picture).to_be_visible()
    assert "The simple network reads" in picture.get_attribute("alt")
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 560


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_window(width, open_demo):
    page = open_demo(viewport={"width": width, "height": 800})
    drag(page, *SEVEN)
    expect(live(page)).to_contain_text("reads")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

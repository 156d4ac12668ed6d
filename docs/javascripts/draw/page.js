// Draw a digit: the networks of the lessons read it here, in the reader's browser.

import { makeDoubts } from "./doubts.js";
import { Drawing } from "./drawing.js";
import { makeExample } from "./example.js";
import { loadNetworks } from "./networks.js";
import { makePad } from "./pad.js";
import { makeVoice, read, sentence } from "./reading.js";
import { seen } from "./seeing.js";
import { makeStages } from "./stages.js";
import { makeTestDigits } from "./test-digits.js";
import { makeVerdict } from "./verdict.js";

const LATEST = 30; // answers of which the median time is shown
const WAYS = ["fitted", "thick", "centred"];

// What notes the milliseconds of an answer, and shows what is usual.
const makeClock = (element) => {
  const times = [];
  return (time) => {
    times.push(time);
    if (times.length <= 4) return;
    const latest = times.slice(-LATEST).sort((one, other) => one - other);
    element.textContent = `${latest[latest.length >> 1].toFixed(1)} ms`;
  };
};

/**
 * Make the page work, where its block is `root`. Once `root.dataset.ready` is set,
 * `root.read(strokes)` tells what each network makes of lists of [x, y] on a pad of side 140, as
 * `read` in `reading.js` does; the switches of the page hold for it.
 */
export const start = async (root) => {
  const find = (name) => root.querySelector(name);
  const keys = root.dataset.draw.split(" ");
  const live = find("[aria-live]");
  const followed = find("[data-follow]");
  const say = makeVoice(find(".draw-words"), live);
  const clock = makeClock(find("[data-time]"));
  const showDoubts = new Map(keys.map((key) => [key, makeDoubts(root, key)]));
  const showStages = makeStages(find(".draw-way"));
  const drawing = new Drawing();
  let networks = []; // those that are loaded
  let due = 0;

  const ways = () => Object.fromEntries(WAYS.map((way) => [way, find(`[data-${way}]`).checked]));
  const readings = (pixels) => networks.map((network) => read(network, pixels));
  root.read = (strokes) => readings(seen(strokes, ways()).pixels);

  const answer = () => {
    due = 0;
    const begin = performance.now();
    const all = drawing.seen(ways());
    const isBlank = !all.pixels.some(Boolean);
    const told = readings(all.pixels);
    if (!isBlank && told.length === keys.length) clock(performance.now() - begin);
    const n = networks.findIndex(({ key }) => key === followed.value);
    showStages(drawing, all, networks[n], told[n]);
    networks.forEach(({ key }, i) => {
      showDoubts.get(key)(isBlank ? null : told[i]);
    });
    verdict.renew(all.pixels, isBlank ? [] : told);
    const sentences = isBlank ? ["Nothing is drawn."] : told.map((one) => sentence(one));
    const said = [drawing.note, ...(told.length ? sentences : [])].join(" ").trim();
    if (said) say(said, !drawing.isExample);
  };
  const renew = () => {
    if (!due) due = requestAnimationFrame(answer);
  };

  const whisper = (text) => {
    live.textContent = text;
  };
  const verdict = makeVerdict(find(".draw-verdict"), drawing, whisper);
  const changed = () => {
    verdict.forget();
    renew();
  };
  const show = makePad(find(".draw-area"), drawing, changed, whisper);
  for (const way of WAYS) find(`[data-${way}]`).addEventListener("change", renew);
  find("[data-centred]").addEventListener("change", ({ target }) => {
    find("[data-fitted]").disabled = !target.checked; // what stays where it is keeps its size, too
  });
  followed.addEventListener("change", renew);
  for (const change of ["undo", "clear"]) {
    find(`[data-do="${change}"]`).addEventListener("click", () => {
      drawing[change]();
      show();
    });
  }
  const showDigit = (tile, note) => {
    drawing.show(tile, note);
    show();
  };
  const failed = (text) => {
    if (drawing.isExample) drawing.clear();
    drawing.note = text;
    show();
  };
  makeTestDigits(root, (key) => networks.find((one) => one.key === key), showDigit, failed);
  makeExample(find('[data-do="example"]'), drawing, show);
  try {
    await loadNetworks(keys, (loaded) => {
      networks = loaded;
      renew();
    });
  } catch (error) {
    failed(
      `The networks could not be loaded (${error.message}). Load the page again when you are online.`,
    );
    return;
  }
  root.dataset.ready = "";
  if (drawing.isEmpty || drawing.isExample) whisper("The networks are ready.");
};

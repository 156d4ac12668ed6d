// Draw a digit: the networks of the lessons read it here, in the reader's browser.

import { a, percent } from "../words.js";
import { Drawing } from "./drawing.js";
import { SIZE } from "./framing.js";
import { logits, softmax } from "./inference.js";
import { loadNetworks } from "./networks.js";
import { makePad } from "./pad.js";

const PAUSE = 800; // ms: a screen reader must not be flooded
const LATEST = 30; // answers of which the median time is shown

const sentence = ({ name }, doubts) => {
  const [first, second] = [...doubts.keys()].sort((one, other) => doubts[other] - doubts[one]);
  const sure = percent(doubts[first], 0).replace(">", "over");
  const hesitates = doubts[second] >= 0.05 ? `; hesitates with ${second}` : "";
  return `The ${name} reads ${first}, ${sure} sure${hesitates}.`;
};

// Show grey images (count, h, w) side by side, with values from 0 (black) to `top` (white).
const paint = (canvas, [count, h, w], values, top) => {
  const context = canvas.getContext("2d");
  const columns = Math.floor((canvas.width + 1) / (w + 1));
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < count * h * w; i++) {
    const map = Math.floor(i / (h * w));
    const y = (Math.floor(i / w) % h) + Math.floor(map / columns) * (h + 1);
    const at = 4 * (y * canvas.width + (map % columns) * (w + 1) + (i % w));
    image.data.fill(Math.max(0, values[i] / top) * 255, at, at + 3);
    image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
};

const noteOn = ({ name, digits, mistakes }, n) => {
  const of = mistakes > digits.length ? ` (the surest of ${mistakes})` : "";
  return `Error ${n + 1} of ${digits.length}${of} of the ${name}: it is ${a(digits[n])}.`;
};

/** Make the page work, where its block is `root`. */
export const start = async (root) => {
  const find = (name) => root.querySelector(name);
  const words = find(".draw-words");
  const live = find("[aria-live]");
  const centre = find("[data-centre]");
  const drawing = new Drawing();
  const times = [];
  let networks = [];
  let sayDue = 0;
  let answerDue = 0;

  // Aloud later, and only the last.
  const say = (text) => {
    words.textContent = text;
    clearTimeout(sayDue);
    sayDue = setTimeout(() => {
      live.textContent = text;
    }, PAUSE);
  };
  const showDoubts = (network, doubts) => {
    const best = doubts ? doubts.indexOf(Math.max(...doubts)) : -1;
    find(`[data-answer="${network.key}"]`).textContent = doubts ? best : "?";
    root.querySelectorAll(`[data-doubt="${network.key}"]`).forEach((cell, digit) => {
      const share = doubts ? doubts[digit] : 0;
      cell.style.setProperty("--share", share);
      cell.classList.toggle("draw-best", digit === best);
      cell.lastElementChild.textContent = doubts ? percent(share, 0) : "";
    });
  };
  const showMaps = (blank) => {
    for (const canvas of root.querySelectorAll("[data-maps]")) {
      const { layers } = networks.find(({ key }) => key === canvas.dataset.maps);
      const { shape, out } = layers[canvas.dataset.layer];
      paint(canvas, shape, blank ? out.map(() => 0) : out, Math.max(...out) || 1);
    }
  };
  const showTime = () => {
    if (times.length <= 4) return;
    const latest = times.slice(-LATEST).sort((one, other) => one - other);
    find("[data-time]").textContent = `${latest[latest.length >> 1].toFixed(1)} ms`;
  };
  const answer = () => {
    answerDue = 0;
    const begin = performance.now();
    const pixels = drawing.seen(centre.checked);
    const blank = !pixels.some(Boolean);
    const doubts = networks.map((network) => softmax(logits(network, pixels)));
    if (!blank && networks.length) times.push(performance.now() - begin);
    paint(find(".draw-seen"), [1, SIZE, SIZE], pixels, 255);
    if (!networks.length) return;
    for (const [n, network] of networks.entries()) showDoubts(network, blank ? null : doubts[n]);
    showMaps(blank);
    showTime();
    const told = networks.map((network, n) => sentence(network, doubts[n]));
    say(blank ? "Nothing is drawn." : [drawing.note, ...told].join(" ").trim());
  };
  const renew = () => {
    if (!answerDue) answerDue = requestAnimationFrame(answer);
  };

  const show = makePad(find(".draw-area"), drawing, renew, (text) => {
    live.textContent = text;
  });
  centre.addEventListener("change", renew);
  for (const change of ["undo", "clear"]) {
    find(`[data-do="${change}"]`).addEventListener("click", () => {
      drawing[change]();
      show();
    });
  }
  for (const button of root.querySelectorAll("[data-next]")) {
    let next = 0;
    button.addEventListener("click", () => {
      const network = networks.find(({ key }) => key === button.dataset.next);
      if (!network?.tiles.length) return;
      const n = next++ % network.tiles.length;
      drawing.show(network.tiles[n], noteOn(network, n));
      show();
    });
  }
  show();
  try {
    networks = await loadNetworks();
  } catch (error) {
    words.textContent =
      live.textContent = `The networks could not be loaded (${error.message}). Load the page again when you are online.`;
    return;
  }
  // A browser compiles what runs often: the first answer to a reader should not pay for it.
  for (let n = 0; n < 9; n++) {
    for (const network of networks) logits(network, drawing.seen(false));
  }
  root.dataset.ready = "";
  renew();
};

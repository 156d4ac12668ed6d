// Digits that write themselves, until somebody draws.

import { trace } from "./ink.js";

const PACE = 13; // ms for a piece of a line
const REST = 2500; // ms for a written digit
// Strokes as lists of points x,y on the pad: ours, and of nobody whose writing is tested.
const DIGITS = [
  [
    "47,30 55,26 65,21 74,20 82,26 88,35 90,44 82,51 69,58 63,64 70,70 84,75 93,82 92,93 86,105 78,113 67,113 53,110 44,106",
  ],
  [
    "18,18 21,18 27,18 32,18 37,17 41,16 44,17 43,22 40,28 37,34 34,39 32,44 30,49 29,53 28,57 27,60",
  ],
  [
    "54,26 49,41 42,61 40,76 45,81 54,80 64,78 73,77 83,76 90,75",
    "77,43 77,49 76,58 76,67 76,76 75,86 75,95 75,104 74,110",
  ],
  [
    "37,47 41,40 48,30 55,24 66,25 77,30 85,38 86,47 84,58 78,70 64,86 47,104 37,116 41,119 51,116 63,113 73,113 84,114 92,114",
  ],
];

const piecesOf = (stroke) => {
  const points = stroke.split(" ").map((point) => point.split(",").map(Number));
  const all = [];
  trace(points, (_, to) => all.push(to));
  return all;
};

// The strokes as far as so many pieces of them go.
const begun = (strokes, count) => {
  const shown = [];
  for (const points of strokes) {
    if (count <= 0) break;
    shown.push(points.slice(0, count));
    count -= points.length;
  }
  return shown;
};

/**
 * Digits that write themselves on the pad, one after the other, and the button that stops them and
 * lets them go on. Without motion, each is there at once.
 *
 * @param button the button.
 * @param drawing a Drawing; whatever a reader does with it ends the example.
 * @param show is called when it has changed.
 */
export const makeExample = (button, drawing, show) => {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let next = 0;
  let due = 0; // the frame that goes on with it

  const put = (strokes) => {
    drawing.lend(strokes);
    show();
  };
  const stop = () => {
    cancelAnimationFrame(due);
    due = 0;
    button.textContent = "Show an example";
  };
  const write = () => {
    const strokes = DIGITS[next++ % DIGITS.length].map(piecesOf);
    const length = strokes.flat().length;
    let begin = null;
    let count = still ? length : 1; // pieces that are there
    put(begun(strokes, count));
    const step = (now) => {
      if (!drawing.isExample || !button.isConnected) return stop();
      begin ??= now;
      if (count < length) {
        count = Math.ceil((now - begin) / PACE) + 1;
        put(begun(strokes, count));
      }
      if (now - begin < length * PACE + REST) due = requestAnimationFrame(step);
      else if (next % DIGITS.length) write();
      else stop();
    };
    if (still) return;
    due = requestAnimationFrame(step);
    button.textContent = "Stop the example";
  };
  button.addEventListener("click", () => (due ? stop() : write()));
  write();
};

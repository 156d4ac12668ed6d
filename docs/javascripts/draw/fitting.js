// Strokes of any size in MNIST's box: `mnist_lessons/framing.py` does the same arithmetic.

import { BOX, SIZE } from "./framing.js";
import { PEN, SIDE } from "./ink.js";

/** The box [left, right, top, bottom] around all points of strokes, of which there must be one. */
export const boxAround = (strokes) => {
  const box = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of strokes.flat()) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.max(box[1], x);
    box[2] = Math.min(box[2], y);
    box[3] = Math.max(box[3], y);
  }
  return box;
};

/** Strokes as large as MNIST's digits, in the middle of the area; the pen stays as thick as it is. */
export const fitStrokes = (strokes) => {
  const [left, right, top, bottom] = boxAround(strokes);
  const room = (SIDE * BOX) / SIZE - 2 * (PEN + 0.5); // half a pixel is the edge of a line
  const scale = room / Math.max(right - left, bottom - top, PEN);
  const [x0, y0] = [(left + right) / 2, (top + bottom) / 2];
  const place = ([x, y]) => [(x - x0) * scale + SIDE / 2, (y - y0) * scale + SIDE / 2];
  return strokes.map((points) => points.map(place));
};

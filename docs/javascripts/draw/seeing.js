// From strokes to what the networks see, step by step, each of which can be left out.

import { fitStrokes } from "./fitting.js";
import { frame } from "./framing.js";
import { inkOf, PEN, SIDE } from "./ink.js";

const THIN = 2; // half the width of a line that is not as thick as MNIST's

/** All steps. */
export const ALL = { fitted: true, thick: true, centred: true };

/**
 * Strokes become `lines`, these become `ink` (SIDE * SIDE), and this becomes `pixels` (SIZE * SIZE).
 * What is not `centred` stays as large as it was drawn, and where it was.
 */
export const seen = (strokes, { fitted, thick, centred }) => {
  const drawn = strokes.filter((points) => points.length);
  const lines = fitted && centred ? fitStrokes(drawn) : drawn;
  const ink = inkOf(lines, thick ? PEN : THIN);
  return { lines, ink, pixels: frame(ink, SIDE, centred) };
};

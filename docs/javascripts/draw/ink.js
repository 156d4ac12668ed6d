// From strokes to ink: `mnist_lessons/framing.py` does the same arithmetic.

/** Pixels of a side of the area to draw on. */
export const SIDE = 140;
/** Half the width of a line, in these pixels; drawn so, a fitted digit is as thick as MNIST's. */
export const PEN = 6;

const STEPS = 4; // straight pieces of a curve, from the middle of two points to the next middle
const { ceil, floor, max, min, sqrt } = Math;

const between = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

const curve = (a, b, c) => {
  const begin = between(a, b);
  const end = between(b, c);
  const pieces = [begin];
  for (let step = 1; step <= STEPS; step++) {
    const t = step / STEPS;
    const mix = (i) => (1 - t) * (1 - t) * begin[i] + 2 * t * (1 - t) * b[i] + t * t * end[i];
    pieces.push([mix(0), mix(1)]);
  }
  return pieces;
};

const piecesOf = (points, n) => {
  const [a, b, c] = [points[n - 2], points[n - 1], points[n]];
  if (!c) return [a ? between(a, b) : b, b];
  if (!a) return b ? [b, between(b, c)] : [c, c];
  return curve(a, b, c);
};

/** Draw the straight pieces that point `n` of a stroke adds, or the end of it. */
export const extend = (points, n, draw) => {
  const pieces = piecesOf(points, n);
  for (let i = 1; i < pieces.length; i++) draw(pieces[i - 1], pieces[i]);
};

/** Draw all straight pieces of a stroke, a list of [x, y]. */
export const trace = (points, draw) => {
  for (let n = 0; n <= points.length; n++) extend(points, n, draw);
};

// A line from one place to another on ink (SIDE * SIDE), each pixel 0 to 1.
const mark = (ink, [x0, y0], [x1, y1], pen) => {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squared = dx * dx + dy * dy;
  const reach = (a, b) => [
    max(0, floor(min(a, b) - pen - 1)),
    min(SIDE, ceil(max(a, b) + pen + 1)),
  ];
  const [left, right] = reach(x0, x1);
  const [top, bottom] = reach(y0, y1);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [across, down] = [x + 0.5 - x0, y + 0.5 - y0];
      const along = squared ? max(0, min(1, (across * dx + down * dy) / squared)) : 0;
      const [ex, ey] = [across - along * dx, down - along * dy];
      const covered = max(0, min(1, pen + 0.5 - sqrt(ex * ex + ey * ey)));
      if (covered > ink[y * SIDE + x]) ink[y * SIDE + x] = covered;
    }
  }
};

/** The ink (SIDE * SIDE) of strokes, drawn with a round pen. */
export const inkOf = (strokes, pen = PEN) => {
  const ink = new Float64Array(SIDE * SIDE);
  for (const points of strokes) trace(points, (a, b) => mark(ink, a, b, pen));
  return ink;
};

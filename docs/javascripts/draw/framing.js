// From ink to 28 by 28 pixels as MNIST has them: `mnist_lessons/framing.py` does the same arithmetic.

/** Pixels of a side of an image. */
export const SIZE = 28;
/** Pixels of the longer side of a framed digit. */
export const BOX = 20;

const { ceil, floor, max, min } = Math;

// Averages along the rows: (length, width) to (count, width).
const shrunk = (source, length, width, step, count) => {
  const result = new Float64Array(count * width);
  for (let j = 0; j < count; j++) {
    const [begin, end] = [j * step, (j + 1) * step];
    for (let k = floor(begin); k < min(length, end); k++) {
      const share = (min(k + 1, end) - max(k, begin)) / step;
      for (let x = 0; x < width; x++) result[j * width + x] += share * source[k * width + x];
    }
  }
  return result;
};

const turned = (source, rows, columns) => {
  const result = new Float64Array(rows * columns);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) result[x * rows + y] = source[y * columns + x];
  return result;
};

const shrunkBoth = (source, h, w, stepY, stepX, rows, columns) => {
  const low = turned(shrunk(source, h, w, stepY, rows), rows, w);
  return turned(shrunk(low, w, rows, stepX, columns), columns, rows);
};

// The box [top, bottom, left, right] around all ink, the last row and column within it.
const boxOf = (ink, width) => {
  let [top, bottom, left, right] = [ink.length / width, -1, width, -1];
  ink.forEach((value, i) => {
    if (!value) return;
    const [y, x] = [floor(i / width), i % width];
    [top, bottom, left, right] = [min(top, y), max(bottom, y), min(left, x), max(right, x)];
  });
  return [top, bottom, left, right];
};

// Where the rows of a digit begin, so that its centre of mass lies in the middle if it can.
const place = (source, width, step, size) => {
  let all = 0;
  let moment = 0;
  source.forEach((value, i) => {
    all += value;
    moment += value * (floor(i / width) + 0.5);
  });
  return min(max(ceil(SIZE / 2 - moment / all / step - 1e-9), 0), SIZE - size);
};

const centred = (ink, width, [top, bottom, left, right]) => {
  const [h, w] = [bottom - top + 1, right - left + 1];
  const step = max(h, w) / BOX;
  const [rows, columns] = [h, w].map((side) => ceil((BOX * side) / max(h, w)));
  const crop = new Float64Array(h * w).map(
    (_, i) => ink[(top + floor(i / w)) * width + left + (i % w)],
  );
  const y0 = place(crop, w, step, rows);
  const x0 = place(turned(crop, h, w), h, step, columns);
  const pixels = new Float32Array(SIZE * SIZE);
  shrunkBoth(crop, h, w, step, step, rows, columns).forEach((value, i) => {
    pixels[(y0 + floor(i / columns)) * SIZE + x0 + (i % columns)] = value * 255;
  });
  return pixels;
};

/**
 * Ink of some width, each pixel 0 to 1, as SIZE * SIZE pixels, 0 to 255: either the whole area, or
 * what is drawn on it, brought to the middle and to one size.
 */
export const frame = (ink, width, centre) => {
  const height = ink.length / width;
  const box = boxOf(ink, width);
  if (box[1] < 0) return new Float32Array(SIZE * SIZE);
  if (centre) return centred(ink, width, box);
  const small = shrunkBoth(ink, height, width, height / SIZE, width / SIZE, SIZE, SIZE);
  return Float32Array.from(small, (value) => value * 255);
};

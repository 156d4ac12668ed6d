// From 28 by 28 pixels to ten logits: what `mnist_lessons/export.py` writes is read and computed.

import { SIZE } from "./framing.js";

const STORAGE = { int8: Int8Array, float16: Uint16Array, float32: Float32Array };

// The values that each place of a convolution's output is made of, one place after the other.
const patches = (input, { seen, weights, padding = 0, shape: [, h, w], from }) => {
  const [, inputs, size] = weights;
  const [, height, width] = from;
  let at = 0;
  for (let top = -padding; top < h - padding; top++)
    for (let left = -padding; left < w - padding; left++)
      for (let i = 0; i < inputs; i++)
        for (let y = top; y < top + size; y++)
          for (let x = left; x < left + size; x++)
            seen[at++] =
              y >= 0 && y < height && x >= 0 && x < width ? input[(i * height + y) * width + x] : 0;
  return seen;
};

// At each place the sum of each row of weights times what is seen there. Four sums side by side
// are quicker than one after the other; the last row fills up the last four.
const sums = (seen, { out, weight, bias }) => {
  const rows = bias.length;
  const places = out.length / rows;
  const length = weight.length / rows;
  for (let place = 0; place < places; place++)
    for (let a = 0; a < rows; a += 4) {
      const b = Math.min(a + 1, rows - 1);
      const c = Math.min(a + 2, rows - 1);
      const d = Math.min(a + 3, rows - 1);
      let [sumA, sumB, sumC, sumD] = [bias[a], bias[b], bias[c], bias[d]];
      for (let i = 0; i < length; i++) {
        const value = seen[place * length + i];
        sumA += weight[a * length + i] * value;
        sumB += weight[b * length + i] * value;
        sumC += weight[c * length + i] * value;
        sumD += weight[d * length + i] * value;
      }
      out[a * places + place] = sumA;
      out[b * places + place] = sumB;
      out[c * places + place] = sumC;
      out[d * places + place] = sumD;
    }
  return out;
};

const halved =
  (merge) =>
  (input, { out, shape: [maps, h, w], from: [, height, width] }) => {
    for (let m = 0, at = 0; m < maps; m++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const i = (m * height + 2 * y) * width + 2 * x;
          out[at++] = merge(input[i], input[i + 1], input[i + width], input[i + width + 1]);
        }
    return out;
  };

const LAYERS = {
  flatten: (input) => input,
  relu: (input) =>
    input.forEach((value, i) => {
      if (value < 0) input[i] = 0;
    }) || input,
  linear: sums,
  conv: (input, layer) => sums(patches(input, layer), layer),
  scale_shift(input, { out, weight, bias }) {
    const area = input.length / bias.length;
    for (let i = 0; i < out.length; i++) {
      const map = Math.floor(i / area);
      out[i] = weight[map] * input[i] + bias[map];
    }
    return out;
  },
  pool: halved(Math.max),
  average_pool: halved((a, b, c, d) => (a + b + c + d) / 4),
  global_average_pool(input, { out }) {
    const area = input.length / out.length;
    out.fill(0);
    input.forEach((value, i) => {
      out[Math.floor(i / area)] += value / area;
    });
    return out;
  },
};

const count = (shape) => shape.reduce((a, b) => a * b);

const fromHalf = (bits) => {
  const exponent = (bits >> 10) & 31;
  const rest = bits & 1023;
  const size = exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : rest * 2 ** -24;
  return bits >> 15 ? -size : size;
};

/** Give the layers of networks, as `networks.json` describes them, their weights. */
export const unpack = (networks, buffer) => {
  let at = 0;
  const take = (kind, length) => {
    const begin = at;
    at += length * kind.BYTES_PER_ELEMENT;
    return new kind(buffer.slice(begin, at));
  };
  const weigh = (layer, storage) => {
    const rows = layer.weights[0];
    const each = count(layer.weights) / rows;
    const scale = storage === "int8" && take(Float32Array, rows);
    layer.bias = take(Float32Array, rows);
    layer.weight = Float32Array.from(take(STORAGE[storage], rows * each), (value, i) => {
      if (scale) return value * scale[Math.floor(i / each)];
      return storage === "float16" ? fromHalf(value) : value;
    });
  };
  for (const { layers, storage } of networks) {
    let from = [1, SIZE, SIZE];
    for (const layer of layers) {
      Object.assign(layer, { from, out: new Float32Array(count(layer.shape)) });
      from = layer.shape;
      if (layer.weights) weigh(layer, storage);
      if (layer.kind === "conv") {
        const places = count(layer.shape) / layer.bias.length;
        layer.seen = new Float32Array((places * layer.weight.length) / layer.bias.length);
      }
    }
  }
};

/** The ten logits of a network for 28 * 28 pixels, 0 to 255; the next answer overwrites them. */
export const logits = ({ gain, offset, layers }, pixels) =>
  layers.reduce(
    (values, layer) => LAYERS[layer.kind](values, layer),
    Float32Array.from(pixels, (value) => value * gain + offset),
  );

/** Logits as probabilities. */
export const softmax = (values) => {
  const top = Math.max(...values);
  const powers = Array.from(values, (value) => Math.exp(value - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};

// From 28 by 28 pixels to ten logits: what `mnist_lessons/export.py` writes is read and computed.

import { SIZE } from "./framing.js";

const STORAGE = { int8: Int8Array, float16: Uint16Array, float32: Float32Array };

const LAYERS = {
  flatten: (input) => input,
  relu: (input) =>
    input.forEach((value, i) => {
      if (value < 0) input[i] = 0;
    }) || input,
  linear(input, { out, weight, bias }) {
    for (let o = 0, at = 0; o < out.length; o++) {
      let sum = bias[o];
      for (let i = 0; i < input.length; i++) sum += weight[at++] * input[i];
      out[o] = sum;
    }
    return out;
  },
  conv(input, { out, weight, bias, weights: [outputs, inputs, size], shape: [, h, w] }) {
    const width = w + size - 1;
    const area = width * (h + size - 1);
    for (let o = 0; o < outputs; o++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          let sum = bias[o];
          let at = o * inputs * size * size;
          for (let i = 0; i < inputs; i++)
            for (let row = 0; row < size; row++) {
              const from = i * area + (y + row) * width + x;
              for (let k = 0; k < size; k++) sum += weight[at++] * input[from + k];
            }
          out[(o * h + y) * w + x] = sum;
        }
    return out;
  },
  pool(input, { out, shape: [maps, h, w], from: [, height, width] }) {
    for (let m = 0, at = 0; m < maps; m++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const i = (m * height + 2 * y) * width + 2 * x;
          out[at++] = Math.max(input[i], input[i + 1], input[i + width], input[i + width + 1]);
        }
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

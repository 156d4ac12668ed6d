// A misread digit beside the nearest training images of what was meant and what was read.

import { a, percent } from "../words.js";
import { SIZE } from "./framing.js";
import { loadTiles } from "./networks.js";
import { paintTiles } from "./painting.js";
import { ranked } from "./reading.js";

const NEAREST = 6; // images of each digit that are shown

const made = (name, content = "", attributes = {}) => {
  const element = document.createElement(name);
  element.append(...[content].flat());
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

const distance = (one, other) => Math.hypot(...one.map((value, i) => value - other[i])) / 255;

// The nearest images of a digit, each with its distance, the nearest first.
const nearest = async (digit, pixels) => {
  const tiles = await loadTiles(`training-${digit}.bin`);
  const all = tiles.map((tile) => ({ tile, distance: distance(pixels, tile) }));
  return {
    digit,
    count: all.length,
    near: all.sort((p, q) => p.distance - q.distance).slice(0, NEAREST),
  };
};

const row = (images, label) => {
  const canvas = made("canvas", "", { role: "img", "aria-label": label });
  const values = new Float32Array(images.length * SIZE * SIZE);
  for (const [i, image] of images.entries()) values.set(image, i * SIZE * SIZE);
  paintTiles(canvas, [images.length, SIZE, SIZE], values, 255, images.length);
  return made("figure", [canvas, made("figcaption", label)], { class: "draw-near" });
};

// What each network gives the two digits.
const table = (readings, digits) => {
  const line = (cells) => made("tr", cells);
  const heads = ["network", "reads", ...digits.map((digit) => `for ${digit}`)];
  const head = line(heads.map((text) => made("th", text, { scope: "col" })));
  const body = readings.map((reading) => {
    const shares = digits.map((digit) => percent(reading.probabilities[digit], 0));
    const cells = [`${ranked(reading)[0]}`, ...shares].map((text) => made("td", text));
    return line([made("th", reading.name, { scope: "row" }), ...cells]);
  });
  return made("table", [made("thead", head), made("tbody", body)], { class: "draw-table" });
};

const nearestOf = async (digits, pixels) => {
  const found = await Promise.all(digits.map((digit) => nearest(digit, pixels)));
  const [first] = [...found].sort((p, q) => p.near[0].distance - q.near[0].distance);
  const rows = found.map(({ digit, count, near }) => {
    const label = `The nearest of ${count} training images of ${a(digit)}`;
    return row(
      near.map(({ tile }) => tile),
      label,
    );
  });
  const all = found.reduce((sum, { count }) => sum + count, 0);
  const text = `Of ${all} training images of these two digits, the nearest to yours, pixel by pixel, is ${a(first.digit)}.`;
  return [text, [row([pixels], "Your digit"), ...rows]];
};

/**
 * Show in `place` what the networks made of a drawing that meant a digit, and what is like it.
 *
 * @returns a sentence on it.
 */
export const compare = async (place, { pixels, readings }, meant) => {
  const other = readings.map((reading) => ranked(reading)[0]).find((digit) => digit !== meant);
  if (other === undefined) {
    const text = `All of them read ${meant}, as you meant it.`;
    place.replaceChildren(made("p", text));
    return text;
  }
  const digits = [meant, other];
  const shares = table(readings, digits);
  place.replaceChildren(shares);
  const failed = ({ message }) => [`The training images could not be loaded (${message}).`, []];
  const [text, rows] = await nearestOf(digits, pixels).catch(failed);
  place.replaceChildren(shares, made("p", text), ...rows);
  return text;
};

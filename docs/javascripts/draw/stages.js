// The way from ink to answer, stage by stage: strokes, ink, pixels, maps, logits, probabilities.

import { percent } from "../words.js";
import { boxAround } from "./fitting.js";
import { SIZE } from "./framing.js";
import { SIDE, trace } from "./ink.js";
import { hidden, makeMaps, paintLayer } from "./maps.js";
import { paintTiles, wipe } from "./painting.js";

const MARK = "#ff8a3d"; // of boxes and middles, on black

// A canvas whose unit is a pixel of the drawing area, painted black.
const cleared = (canvas) => {
  const context = canvas.getContext("2d");
  const zoom = canvas.width / SIDE;
  context.setTransform(zoom, 0, 0, zoom, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, SIDE, SIDE);
  return context;
};

const outline = (context, [left, right, top, bottom]) => {
  Object.assign(context, { strokeStyle: MARK, lineWidth: 2 });
  context.setLineDash([6, 4]);
  context.strokeRect(left, top, right - left, bottom - top);
  context.setLineDash([]);
};

const cross = (context, [x, y]) => {
  context.fillStyle = MARK;
  context.fillRect(x - 9, y - 2, 18, 4);
  context.fillRect(x - 2, y - 9, 4, 18);
};

const showStrokes = (canvas, strokes) => {
  const context = cleared(canvas);
  Object.assign(context, { strokeStyle: "#fff", lineWidth: 3, lineCap: "round" });
  context.beginPath();
  for (const points of strokes) {
    trace(points, ([x0, y0], [x1, y1]) => {
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
    });
  }
  context.stroke();
  outline(context, boxAround(strokes));
};

// The box around ink and its centre of mass, in pixels of the drawing area.
const measured = (ink, width) => {
  const unit = SIDE / width;
  const dots = [];
  let [all, across, down] = [0, 0, 0];
  ink.forEach((value, i) => {
    if (!value) return;
    const [x, y] = [unit * (i % width), unit * Math.floor(i / width)];
    dots.push([x, y], [x + unit, y + unit]);
    all += value;
    across += value * (x + unit / 2);
    down += value * (y + unit / 2);
  });
  return [boxAround([dots]), [across / all, down / all]];
};

const showInk = (canvas, ink) => {
  const width = Math.sqrt(ink.length);
  const small = document.createElement("canvas");
  paintTiles(small, [1, width, width], ink, 1);
  const context = cleared(canvas);
  context.imageSmoothingEnabled = width > SIZE;
  context.drawImage(small, 0, 0, SIDE, SIDE);
  const [box, middle] = measured(ink, width);
  outline(context, box);
  cross(context, middle);
};

// Bars from zero, the longest of them as long as there is room, or of the length `most`.
const showBars = (cells, values, told, most = 0) => {
  const [low, high] = [Math.min(0, ...values), Math.max(most, ...values)];
  const place = (value) => (value - low) / (high - low || 1);
  cells.forEach((cell, digit) => {
    const value = values[digit];
    const ends = [place(0), place(value)].sort((one, other) => one - other);
    cell.style.setProperty("--from", ends[0]);
    cell.style.setProperty("--to", ends[1]);
    cell.textContent = told(value);
    cell.classList.toggle("draw-best", value === Math.max(...values));
  });
};

/**
 * @param root the element with all stages.
 * @returns a function that shows a drawing, what is seen of it, and what the followed network,
 *   whose latest answer it was, made of it; without a network only the first stages.
 */
export const makeStages = (root) => {
  const stage = (name) => root.querySelector(`[data-stage="${name}"]`);
  const canvases = root.querySelectorAll("canvas[data-stage]");
  const bars = (name) => [...stage(name).querySelectorAll("td")];
  const softened = root.querySelector("[data-temperature]");
  const showMaps = makeMaps(root.querySelector(".draw-all-maps"));

  return (drawing, { ink, pixels }, network, reading) => {
    const blank = !pixels.some(Boolean);
    root.toggleAttribute("data-blank", blank);
    root.toggleAttribute("data-unread", blank || !network);
    for (const canvas of canvases) wipe(canvas);
    if (drawing.strokes.length) showStrokes(stage("strokes"), drawing.strokes);
    if (!blank) showInk(stage("ink"), ink);
    paintTiles(stage("pixels"), [1, SIZE, SIZE], pixels, 255);
    if (blank || !network) return;
    paintLayer(stage("maps"), hidden(network)[0]);
    showMaps(network);
    const { temperature } = network;
    softened.textContent = temperature === 1 ? "" : `, each divided by ${temperature}`;
    showBars(bars("logits"), reading.logits, (value) => value.toFixed(1));
    showBars(bars("probabilities"), reading.probabilities, (value) => percent(value, 0), 1);
  };
};

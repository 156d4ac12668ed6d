// The area to draw on, with mouse, pen, finger or keys.

import { SIZE } from "./framing.js";
import { PEN, SIDE, trace } from "./ink.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 4; // of the brush with each arrow, in pixels of the area

/**
 * Let a reader draw.
 *
 * @param area the element, with a canvas and a brush in it.
 * @param drawing a Drawing.
 * @param changed is called when it has changed.
 * @param say is called with what only a reader who does not see the brush must be told.
 * @returns what shows the drawing after it was changed in another way.
 */
export const makePad = (area, drawing, changed, say) => {
  const brush = area.querySelector(".draw-brush");
  const canvas = area.querySelector("canvas");
  const context = canvas.getContext("2d");
  const zoom = canvas.width / SIDE;
  let place = [SIDE / 2, SIDE / 2]; // of the brush
  let pointer = null;

  const paint = (from, to) => {
    context.beginPath();
    context.moveTo(from[0] * zoom, from[1] * zoom);
    context.lineTo(to[0] * zoom, to[1] * zoom);
    context.stroke();
  };
  const paintTile = () => {
    const side = canvas.width / SIZE;
    drawing.moved.forEach((value, i) => {
      context.fillStyle = `rgb(${value} ${value} ${value})`;
      context.fillRect((i % SIZE) * side, Math.floor(i / SIZE) * side, side, side);
    });
  };
  const showBrush = () => {
    brush.style.left = `${(place[0] / SIDE) * 100}%`;
    brush.style.top = `${(place[1] / SIDE) * 100}%`;
    brush.classList.toggle("draw-down", drawing.isOpen);
    brush.hidden = false;
  };
  const show = () => {
    const style = { lineCap: "round", lineWidth: 2 * PEN * zoom, strokeStyle: "#fff" };
    Object.assign(context, style, { fillStyle: "#000" });
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const points of drawing.strokes) trace(points, paint);
    if (drawing.tile) paintTile();
    brush.classList.toggle("draw-down", drawing.isOpen);
    area.toggleAttribute("data-empty", drawing.isEmpty);
    area.toggleAttribute("data-example", drawing.isExample);
    changed();
  };

  const begin = (point) => {
    const covered = drawing.tile || drawing.isExample;
    drawing.begin();
    add(point);
    if (covered) show();
    area.removeAttribute("data-empty");
  };
  const add = (point) => {
    drawing.add(point, paint);
    changed();
  };
  const end = () => {
    if (!drawing.isOpen) return;
    drawing.end(paint);
    brush.classList.remove("draw-down");
    changed();
  };
  const undo = () => {
    drawing.undo();
    show();
  };

  const pointOf = (event) => {
    const box = area.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * SIDE,
      ((event.clientY - box.top) / box.height) * SIDE,
    ];
  };
  area.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button) return;
    end();
    pointer = event.pointerId;
    brush.hidden = true;
    area.setPointerCapture(pointer);
    begin(pointOf(event));
  });
  area.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer || !drawing.isOpen) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) add(pointOf(one));
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
    area.addEventListener(kind, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      end();
    });
  }

  const takeOver = () => {
    if (!drawing.isExample) return;
    drawing.clear();
    show();
  };
  const move = ([dx, dy]) => {
    takeOver();
    if (drawing.tile) {
      drawing.move(dx, dy);
      show();
      return;
    }
    const within = (value) => Math.min(SIDE - PEN, Math.max(PEN, value));
    place = [within(place[0] + STEP * dx), within(place[1] + STEP * dy)];
    showBrush();
    if (drawing.isOpen) add(place);
  };
  const lift = () => {
    drawing.isOpen ? end() : begin(place);
    showBrush();
    say(drawing.isOpen ? "The brush is down." : "The brush is up.");
  };
  area.addEventListener("keydown", (event) => {
    if (event.altKey || pointer !== null) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "z") return;
      undo();
    } else if (ARROWS[event.key]) move(ARROWS[event.key]);
    else if (event.key === " ") lift();
    else return;
    event.preventDefault();
  });
  area.addEventListener("focus", () => {
    if (area.matches(":focus-visible") && !drawing.tile) showBrush();
  });
  area.addEventListener("blur", () => {
    if (pointer === null) end();
    brush.hidden = true;
  });
  return show;
};

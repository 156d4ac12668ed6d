// What lies on the pad, a drawing or a test digit, and what lay there before.

import { SIZE } from "./framing.js";
import { extend } from "./ink.js";
import { ALL, seen } from "./seeing.js";

const sum = (values) => values.reduce((a, b) => a + b);

const shifted = (tile, [dx, dy]) =>
  Float64Array.from(tile, (_, i) => {
    const [x, y] = [(i % SIZE) - dx, Math.floor(i / SIZE) - dy];
    return x >= 0 && x < SIZE && y >= 0 && y < SIZE ? tile[y * SIZE + x] : 0;
  });

/**
 * Its strokes are lists of [x, y] on an area of SIDE * SIDE. A test digit in its place is a `tile`
 * of SIZE * SIZE pixels, 0 to 255, and a `note` on it. Until the pad is cleared or shows something
 * else, all that is drawn and undone is one `digit`.
 */
export class Drawing {
  #past = [];
  #open = null; // the stroke that is being drawn

  constructor() {
    this.#put({});
  }

  #put({ strokes = [], tile = null, shift = [0, 0], note = "", isExample = false, digit = {} }) {
    Object.assign(this, { strokes, tile, shift, note, isExample, digit });
    this.#open = null;
  }

  // An example is not the reader's: nobody wants it back.
  #keep() {
    if (this.isExample) return;
    const { strokes, tile, shift, note, digit } = this;
    this.#past.push({ strokes: [...strokes], tile, shift, note, digit });
  }

  get isEmpty() {
    return !this.tile && !this.strokes.length;
  }

  get isOpen() {
    return this.#open !== null;
  }

  undo() {
    if (this.#past.length) this.#put(this.#past.pop());
    else if (this.isExample) this.#put({});
  }

  /** Show strokes that somebody else draws; `undo` brings back what they cover. */
  lend(strokes) {
    if (!this.isEmpty) this.#keep();
    this.#put({ strokes, isExample: true });
  }

  clear() {
    if (this.isExample) this.#put({});
    if (this.isEmpty) return;
    this.#keep();
    this.#put({});
  }

  /** Show a test digit. A row of them is one step of what can be undone. */
  show(tile, note) {
    if (!this.tile) this.#keep();
    this.#put({ tile, note });
  }

  begin() {
    if (this.isExample) this.#put({});
    this.#keep();
    if (this.tile) this.#put({});
    this.note = "";
    this.#open = [];
    this.strokes.push(this.#open);
  }

  /** Add a point to the open stroke; `paint(from, to)` gets the straight pieces that are new. */
  add(point, paint) {
    this.#open.push(point);
    extend(this.#open, this.#open.length - 1, paint);
  }

  end(paint) {
    extend(this.#open, this.#open.length, paint);
    this.#open = null;
  }

  /** Move a test digit by whole pixels, but none of its ink over the edge. */
  move(dx, dy) {
    const shift = [this.shift[0] + dx, this.shift[1] + dy];
    if (sum(shifted(this.tile, shift)) === sum(this.tile)) this.shift = shift;
  }

  /** The test digit where it was moved to. */
  get moved() {
    return shifted(this.tile, this.shift);
  }

  /** What the networks see and how it came about, as `seeing.js` has it. MNIST has framed its digits. */
  seen(ways = ALL) {
    if (!this.tile) return seen(this.strokes, ways);
    const ink = this.moved.map((value) => value / 255);
    return { lines: [], ink, pixels: ways.centred ? this.tile : this.moved };
  }
}

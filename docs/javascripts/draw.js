// Draw a digit: both networks of the lessons read it here, in the reader's browser.
// `mnist_lessons/framing.py` and `mnist_lessons/export.py` do the same arithmetic.
(() => {
  const root = document.querySelector("[data-draw]:not([data-started])");
  if (!root) return;
  root.dataset.started = "";
  const files = new URL("../draw/", document.currentScript.src);
  const SIDE = 140,
    PEN = 6,
    STEPS = 4,
    SIZE = 28,
    BOX = 20,
    ZOOM = 4;
  const { ceil, floor, max, min, sqrt } = Math;

  // From a drawing to 28 by 28 pixels.

  const mark = (ink, [x0, y0], [x1, y1]) => {
    const dx = x1 - x0,
      dy = y1 - y0,
      squared = dx * dx + dy * dy;
    const reach = (a, b) => [
      max(0, floor(min(a, b) - PEN - 1)),
      min(SIDE, ceil(max(a, b) + PEN + 1)),
    ];
    const [left, right] = reach(x0, x1),
      [top, bottom] = reach(y0, y1);
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const across = x + 0.5 - x0,
          down = y + 0.5 - y0;
        const along = squared ? max(0, min(1, (across * dx + down * dy) / squared)) : 0;
        const ex = across - along * dx,
          ey = down - along * dy;
        const covered = max(0, min(1, PEN + 0.5 - sqrt(ex * ex + ey * ey)));
        if (covered > ink[y * SIDE + x]) ink[y * SIDE + x] = covered;
      }
    }
  };
  const between = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  // The straight pieces that point n of a stroke adds, or the end of it.
  const path = (points, n) => {
    const [a, b, c] = [points[n - 2], points[n - 1], points[n]];
    if (!c) return [a ? between(a, b) : b, b];
    if (!a) return b ? [b, between(b, c)] : [c, c];
    const begin = between(a, b),
      end = between(b, c),
      pieces = [begin];
    for (let step = 1; step <= STEPS; step++) {
      const t = step / STEPS;
      pieces.push(
        [0, 1].map((i) => (1 - t) * (1 - t) * begin[i] + 2 * t * (1 - t) * b[i] + t * t * end[i]),
      );
    }
    return pieces;
  };
  const each = (pieces, draw) => {
    for (let n = 1; n < pieces.length; n++) draw(pieces[n - 1], pieces[n]);
  };
  const trace = (points, draw) => {
    for (let n = 0; n <= points.length; n++) each(path(points, n), draw);
  };
  const inkOf = (strokes) => {
    const ink = new Float64Array(SIDE * SIDE);
    for (const points of strokes) trace(points, (a, b) => mark(ink, a, b));
    return ink;
  };
  // Averages along the rows: (length, width) to (count, width).
  const shrink = (source, length, width, step, count) => {
    const result = new Float64Array(count * width);
    for (let j = 0; j < count; j++) {
      const begin = j * step,
        end = (j + 1) * step;
      for (let k = floor(begin); k < min(length, end); k++) {
        const share = (min(k + 1, end) - max(k, begin)) / step;
        for (let x = 0; x < width; x++) result[j * width + x] += share * source[k * width + x];
      }
    }
    return result;
  };
  const turn = (source, rows, columns) => {
    const result = new Float64Array(rows * columns);
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) result[x * rows + y] = source[y * columns + x];
    return result;
  };
  const shrinkBoth = (source, h, w, stepY, stepX, rows, columns) =>
    turn(
      shrink(turn(shrink(source, h, w, stepY, rows), rows, w), w, rows, stepX, columns),
      columns,
      rows,
    );
  const place = (source, width, step, size) => {
    let all = 0,
      moment = 0;
    source.forEach((value, i) => {
      all += value;
      moment += value * (floor(i / width) + 0.5);
    });
    return min(max(ceil(SIZE / 2 - moment / all / step - 1e-9), 0), SIZE - size);
  };
  const frame = (ink, width, centre) => {
    const height = ink.length / width,
      pixels = new Float32Array(SIZE * SIZE);
    let top = height,
      bottom = -1,
      left = width,
      right = -1;
    ink.forEach((value, i) => {
      if (!value) return;
      const y = floor(i / width),
        x = i % width;
      [top, bottom, left, right] = [min(top, y), max(bottom, y), min(left, x), max(right, x)];
    });
    if (bottom < 0) return pixels;
    if (!centre) {
      return pixels.map(
        (
          (small) => (_, i) =>
            small[i] * 255
        )(shrinkBoth(ink, height, width, height / SIZE, width / SIZE, SIZE, SIZE)),
      );
    }
    const h = bottom - top + 1,
      w = right - left + 1,
      longest = max(h, w),
      step = longest / BOX;
    const crop = new Float64Array(h * w).map(
      (_, i) => ink[(top + floor(i / w)) * width + left + (i % w)],
    );
    const rows = ceil((BOX * h) / longest),
      columns = ceil((BOX * w) / longest);
    const small = shrinkBoth(crop, h, w, step, step, rows, columns);
    const y0 = place(crop, w, step, rows),
      x0 = place(turn(crop, h, w), h, step, columns);
    small.forEach((value, i) => {
      pixels[(y0 + floor(i / columns)) * SIZE + x0 + (i % columns)] = value * 255;
    });
    return pixels;
  };

  // From 28 by 28 pixels to ten logits.

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
      const width = w + size - 1,
        area = width * (h + size - 1);
      for (let o = 0; o < outputs; o++)
        for (let y = 0; y < h; y++)
          for (let x = 0; x < w; x++) {
            let sum = bias[o],
              at = o * inputs * size * size;
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
            out[at++] = max(input[i], input[i + 1], input[i + width], input[i + width + 1]);
          }
      return out;
    },
  };
  const half = (bits) => {
    const exponent = (bits >> 10) & 31,
      rest = bits & 1023;
    const size = exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : rest * 2 ** -24;
    return bits >> 15 ? -size : size;
  };
  const unpack = (networks, buffer) => {
    let at = 0;
    const take = (kind, count) => {
      const begin = at;
      at += count * kind.BYTES_PER_ELEMENT;
      return new kind(buffer.slice(begin, at));
    };
    for (const network of networks) {
      let from = [1, SIZE, SIZE];
      for (const layer of network.layers) {
        const count = (shape) => shape.reduce((a, b) => a * b);
        Object.assign(layer, { from, out: new Float32Array(count(layer.shape)) });
        from = layer.shape;
        if (!layer.weights) continue;
        const rows = layer.weights[0],
          each = count(layer.weights) / rows;
        const scale = network.storage === "int8" && take(Float32Array, rows);
        layer.bias = take(Float32Array, rows);
        const stored = take(
          { int8: Int8Array, float16: Uint16Array, float32: Float32Array }[network.storage],
          rows * each,
        );
        layer.weight = Float32Array.from(stored, (value, i) =>
          scale
            ? value * scale[floor(i / each)]
            : network.storage === "float16"
              ? half(value)
              : value,
        );
      }
    }
  };
  const logits = ({ gain, offset, layers }, pixels) =>
    layers.reduce(
      (values, layer) => LAYERS[layer.kind](values, layer),
      Float32Array.from(pixels, (value) => value * gain + offset),
    );
  const softmax = (values) => {
    const top = max(...values),
      powers = Array.from(values, (value) => Math.exp(value - top));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  };

  // The page.

  const find = (name) => root.querySelector(name);
  const area = find(".draw-area"),
    brush = find(".draw-brush"),
    words = find(".draw-words"),
    live = find("[aria-live]");
  const pad = find(".draw-area canvas").getContext("2d"),
    centred = find("[data-centre]");
  const state = {
    strokes: [],
    ink: inkOf([]),
    tile: null,
    shift: [0, 0],
    note: "",
    open: null,
    next: {},
    at: [70, 70],
  };
  const times = [],
    past = [];
  let networks = [],
    digits = {},
    tiles = {},
    frameDue = 0,
    sayDue = 0;

  const percent = (share) =>
    share > 0.995 ? "> 99%" : share < 0.005 ? "< 1%" : `${Math.round(share * 100)}%`;
  // Aloud later, and only the last: a screen reader must not be flooded.
  const say = (text) => {
    words.textContent = text;
    clearTimeout(sayDue);
    sayDue = setTimeout(() => {
      live.textContent = text;
    }, 800);
  };
  const sentence = ({ name }, doubts) => {
    const [first, second] = [...doubts.keys()].sort((a, b) => doubts[b] - doubts[a]);
    const sure = percent(doubts[first]).replace(">", "over");
    return `The ${name} reads ${first}, ${sure} sure${doubts[second] >= 0.05 ? `; hesitates with ${second}` : ""}.`;
  };
  const paint = (canvas, [count, h, w], values, top) => {
    const columns = floor((canvas.width + 1) / (w + 1)),
      context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    for (let i = 0; i < count * h * w; i++) {
      const map = floor(i / (h * w)),
        y = (floor(i / w) % h) + floor(map / columns) * (h + 1);
      const at = 4 * (y * canvas.width + (map % columns) * (w + 1) + (i % w));
      image.data.fill(max(0, values[i] / top) * 255, at, at + 3);
      image.data[at + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  };
  const shifted = ([dx, dy]) =>
    Float64Array.from(state.tile, (_, i) => {
      const x = (i % SIZE) - dx,
        y = floor(i / SIZE) - dy;
      return x >= 0 && x < SIZE && y >= 0 && y < SIZE ? state.tile[y * SIZE + x] : 0;
    });
  // MNIST has framed its digits already.
  const seen = () =>
    !state.tile
      ? frame(state.ink, SIDE, centred.checked)
      : centred.checked
        ? state.tile
        : shifted(state.shift);

  const show = (network, doubts) => {
    const best = doubts ? doubts.indexOf(max(...doubts)) : -1;
    find(`[data-answer="${network.key}"]`).textContent = doubts ? best : "?";
    root.querySelectorAll(`[data-doubt="${network.key}"]`).forEach((cell, digit) => {
      const share = doubts ? doubts[digit] : 0;
      cell.style.setProperty("--share", share);
      cell.classList.toggle("draw-best", digit === best);
      cell.lastElementChild.textContent = doubts ? percent(share) : "";
    });
  };
  const answer = () => {
    frameDue = 0;
    const begin = performance.now(),
      pixels = seen(),
      blank = !pixels.some(Boolean);
    const doubts = networks.map((network) => softmax(logits(network, pixels)));
    if (!blank && networks.length) times.push(performance.now() - begin);
    paint(find(".draw-seen"), [1, SIZE, SIZE], pixels, 255);
    if (!networks.length) return;
    for (const [n, network] of networks.entries()) show(network, blank ? null : doubts[n]);
    for (const canvas of root.querySelectorAll("[data-maps]")) {
      const { shape, out } = networks.find(({ key }) => key === canvas.dataset.maps).layers[
        canvas.dataset.layer
      ];
      paint(canvas, shape, blank ? out.map(() => 0) : out, max(...out) || 1);
    }
    if (times.length > 4) {
      const last = times.slice(-30).sort((a, b) => a - b);
      find("[data-time]").textContent = `${last[last.length >> 1].toFixed(1)} ms`;
    }
    say(
      blank
        ? "Nothing is drawn."
        : [state.note, ...networks.map((one, n) => sentence(one, doubts[n]))].join(" ").trim(),
    );
  };
  const renew = () => {
    if (!frameDue) frameDue = requestAnimationFrame(answer);
  };

  const draw = (a, b) => {
    mark(state.ink, a, b);
    pad.beginPath();
    pad.moveTo(a[0] * ZOOM, a[1] * ZOOM);
    pad.lineTo(b[0] * ZOOM, b[1] * ZOOM);
    pad.stroke();
  };
  const isEmpty = () => !state.tile && !state.strokes.length;
  const keep = () =>
    past.push({
      strokes: [...state.strokes],
      tile: state.tile,
      shift: state.shift,
      note: state.note,
    });
  const restore = (content) => {
    const empty = { strokes: [], tile: null, shift: [0, 0], note: "", open: null, ink: inkOf([]) };
    Object.assign(state, empty, content);
    redraw();
  };
  const undo = () => {
    if (past.length) restore(past.pop());
  };
  const redraw = () => {
    Object.assign(pad, {
      lineCap: "round",
      lineWidth: 2 * PEN * ZOOM,
      strokeStyle: "#fff",
      fillStyle: "#000",
    });
    pad.fillRect(0, 0, SIDE * ZOOM, SIDE * ZOOM);
    for (const points of state.strokes) trace(points, draw);
    if (state.tile)
      shifted(state.shift).forEach((value, i) => {
        pad.fillStyle = `rgb(${value} ${value} ${value})`;
        pad.fillRect((i % SIZE) * 20, floor(i / SIZE) * 20, 20, 20);
      });
    brush.classList.toggle("draw-down", Boolean(state.open));
    area.toggleAttribute("data-empty", isEmpty());
    renew();
  };
  const begin = (point) => {
    keep();
    if (state.tile) restore({});
    area.removeAttribute("data-empty");
    state.open = [];
    state.strokes.push(state.open);
    extend(point);
  };
  const extend = (point) => {
    const n = state.open.push(point) - 1;
    each(path(state.open, n), draw);
    renew();
  };
  const end = () => {
    if (!state.open) return;
    each(path(state.open, state.open.length), draw);
    state.open = null;
    brush.classList.remove("draw-down");
    renew();
  };

  const pointOf = (event) => {
    const box = area.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * SIDE,
      ((event.clientY - box.top) / box.height) * SIDE,
    ];
  };
  let pointer = null;
  area.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button) return;
    end();
    pointer = event.pointerId;
    brush.hidden = true;
    area.setPointerCapture(pointer);
    begin(pointOf(event));
  });
  area.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer || !state.open) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) extend(pointOf(one));
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
    area.addEventListener(kind, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      end();
    });
  }
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const showBrush = () => {
    Object.assign(brush.style, {
      left: `${(state.at[0] / SIDE) * 100}%`,
      top: `${(state.at[1] / SIDE) * 100}%`,
    });
    brush.hidden = false;
  };
  const move = ([dx, dy]) => {
    if (state.tile) {
      const shift = [state.shift[0] + dx, state.shift[1] + dy],
        ink = (all) => all.reduce((a, b) => a + b);
      if (ink(shifted(shift)) === ink(state.tile)) state.shift = shift;
      return redraw();
    }
    state.at = [
      [0, dx],
      [1, dy],
    ].map(([i, step]) => min(SIDE - PEN, max(PEN, state.at[i] + 4 * step)));
    showBrush();
    if (state.open) extend(state.at);
  };
  area.addEventListener("keydown", (event) => {
    if (event.altKey || pointer !== null) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "z") return;
      undo();
    } else if (ARROWS[event.key]) move(ARROWS[event.key]);
    else if (event.key === " ") {
      state.open ? end() : begin(state.at);
      showBrush();
      brush.classList.toggle("draw-down", Boolean(state.open));
      live.textContent = state.open ? "The brush is down." : "The brush is up.";
    } else return;
    event.preventDefault();
  });
  area.addEventListener("focus", () => {
    if (area.matches(":focus-visible") && !state.tile) showBrush();
  });
  area.addEventListener("blur", () => {
    if (pointer === null) end();
    brush.hidden = true;
  });
  centred.addEventListener("change", renew);
  find('[data-do="undo"]').addEventListener("click", undo);
  find('[data-do="clear"]').addEventListener("click", () => {
    if (isEmpty()) return;
    keep();
    restore({});
  });
  for (const button of root.querySelectorAll("[data-next]")) {
    button.addEventListener("click", () => {
      const key = button.dataset.next,
        all = digits[key];
      if (!all?.length) return;
      const n = (state.next[key] ?? 0) % all.length;
      state.next[key] = n + 1;
      const { name, mistakes } = networks.find((one) => one.key === key);
      const of = mistakes > all.length ? ` (the surest of ${mistakes})` : "";
      if (!state.tile) keep();
      restore({
        tile: tiles[key].subarray(n * SIZE * SIZE, (n + 1) * SIZE * SIZE),
        note: `Error ${n + 1} of ${all.length}${of} of the ${name}: it is ${all[n] === 8 ? "an" : "a"} ${all[n]}.`,
      });
    });
  }

  const load = async (name) => {
    const response = await fetch(new URL(name, files));
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    return response;
  };
  const unzipped = async (name) =>
    new Response(
      (await load(name)).body.pipeThrough(new DecompressionStream("gzip")),
    ).arrayBuffer();
  const start = async () => {
    const [about, weights, images] = await Promise.all([
      load("networks.json").then((response) => response.json()),
      unzipped("weights.bin"),
      unzipped("digits.bin"),
    ]);
    unpack(about.networks, weights);
    let at = 0;
    for (const { key, digits: all } of about.networks) {
      digits[key] = all;
      tiles[key] = new Uint8Array(images, at, all.length * SIZE * SIZE);
      at += all.length * SIZE * SIZE;
    }
    networks = about.networks;
    // A browser compiles what runs often: the first answer to a reader should not pay for it.
    for (let n = 0; n < 9; n++) {
      for (const one of networks) logits(one, frame(state.ink, SIDE, false));
    }
    root.networks = {
      keys: networks.map(({ key }) => key),
      ink: inkOf,
      frame,
      logits: (key, pixels) =>
        Array.from(
          logits(
            networks.find((one) => one.key === key),
            pixels,
          ),
        ),
    };
    root.dataset.ready = "";
    renew();
  };
  redraw();
  start().catch((error) => {
    words.textContent =
      live.textContent = `The networks could not be loaded (${error.message}). Load the page again when you are online.`;
  });
})();

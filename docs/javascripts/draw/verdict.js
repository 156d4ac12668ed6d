// Whether the networks read right: the reader says so or names the digit, and a score is kept here.

const STORE = "mnist-lessons-draw-score";
const SAVED = "digit.json";

// A browser may forbid to store anything: then the score lasts as long as the page.
const stored = () => {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
};
const keep = (score) => {
  try {
    if (Object.keys(score).length) localStorage.setItem(STORE, JSON.stringify(score));
    else localStorage.removeItem(STORE);
  } catch {}
};

const topOf = ({ probabilities }) => probabilities.indexOf(Math.max(...probabilities));

const counted = (score, told, times = 1) => {
  const next = { ...score };
  for (const [name, isRight] of told) {
    const [right, all] = next[name] ?? [0, 0];
    next[name] = [right + times * isRight, all + times];
    if (!next[name][1]) delete next[name];
  }
  return next;
};

const save = (content) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(
    new Blob([JSON.stringify(content)], { type: "application/json" }),
  );
  link.download = SAVED;
  link.click();
  URL.revokeObjectURL(link.href);
};

/**
 * Let a reader judge what was read of a drawing.
 *
 * @param root the element with the buttons and what they open.
 * @param drawing a Drawing; only what the reader drew is judged. A digit counts once, with its last
 *   answer, and not at all once it is undone.
 * @param say is called with what a screen reader says.
 * @returns `renew(pixels, readings)`, for each answer, and `forget()`, for each change of the drawing.
 */
export const makeVerdict = (root, drawing, say) => {
  const find = (name) => root.querySelector(name);
  const judges = root.querySelectorAll("[data-judge]");
  const digits = root.querySelectorAll("[data-meant]");
  const panel = find(".draw-wrong");
  const comparison = find("[data-comparison]");
  let latest = { pixels: null, readings: [] };
  let score = stored();
  let answers = new WeakMap(); // by digit: its strokes when it was judged, and what was counted
  let meant = null;

  const showScore = () => {
    const told = Object.entries(score).map(([name, [right, all]]) => `${name} ${right} of ${all}`);
    find("[data-score]").textContent = told.length ? `Read right so far: ${told.join(", ")}.` : "";
    find("[data-reset]").hidden = !told.length;
  };
  const press = (chosen) => {
    for (const digit of digits) digit.setAttribute("aria-pressed", digit === chosen);
    find("[data-save]").hidden = !chosen;
  };
  const ask = () => {
    panel.hidden = false;
    panel.querySelector("button").focus();
  };
  const withdraw = () => {
    score = counted(score, answers.get(drawing.digit)?.told ?? [], -1);
    answers.delete(drawing.digit);
  };
  const judge = (digit) => {
    meant = digit;
    withdraw();
    const told = latest.readings.map((reading) => [reading.name, topOf(reading) === meant]);
    score = counted(score, told);
    answers.set(drawing.digit, { strokes: drawing.strokes.length, told });
    keep(score);
    showScore();
  };

  // The comparison is not loaded before it is asked for.
  const compared = async () => {
    try {
      const { compare } = await import("./comparison.js");
      return await compare(comparison, latest, meant);
    } catch ({ message }) {
      comparison.textContent = `The comparison could not be loaded (${message}).`;
      return comparison.textContent;
    }
  };

  judges[0].addEventListener("click", () => {
    const tops = new Set(latest.readings.map(topOf));
    if (tops.size > 1) {
      ask(); // one of them was right: which?
      return;
    }
    panel.hidden = true;
    judge(topOf(latest.readings[0]));
    say(find("[data-score]").textContent);
  });
  judges[1].addEventListener("click", ask);
  for (const digit of digits) {
    digit.addEventListener("click", async () => {
      judge(Number(digit.dataset.meant));
      press(digit);
      say(await compared());
    });
  }
  find("[data-save]").addEventListener("click", () =>
    save({ digit: meant, strokes: drawing.strokes }),
  );
  find("[data-reset]").addEventListener("click", () => {
    score = {};
    answers = new WeakMap();
    keep(score);
    showScore();
    judges[0].focus();
  });
  showScore();

  return {
    renew(pixels, readings) {
      latest = { pixels, readings };
      const canJudge = readings.length && drawing.strokes.length && !drawing.isExample;
      for (const button of judges) button.disabled = !canJudge;
      if (comparison.firstChild) compared(); // a switch was turned
    },
    forget() {
      if (drawing.strokes.length < answers.get(drawing.digit)?.strokes) {
        withdraw();
        keep(score);
        showScore();
      }
      panel.hidden = true;
      comparison.replaceChildren();
      press(null);
    },
  };
};

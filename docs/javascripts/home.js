// The pad of the home page: one small network reads what is drawn. It is loaded when the pad is seen.

import { a, percent } from "./words.js";

const FOLDER = new URL("../home/", import.meta.url);
const PAUSE = 800; // ms: a screen reader must not be flooded

const load = async (name) => {
  const response = await fetch(new URL(name, FOLDER));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response;
};

// What reads pixels, and gives the probability of each digit.
const loadReader = async () => {
  const [{ logits, softmax, unpack }, description, weights] = await Promise.all([
    import("./draw/inference.js"),
    load("network.json").then((response) => response.json()),
    load("weights.bin"),
  ]);
  const stream = weights.body.pipeThrough(new DecompressionStream("gzip"));
  unpack([description], await new Response(stream).arrayBuffer());
  return (pixels) => softmax(logits(description, pixels));
};

const sentence = (doubts) => {
  const [first, second] = [...doubts.keys()].sort((one, other) => doubts[other] - doubts[one]);
  if (doubts[first] < 0.5) return `Not sure. Perhaps ${a(first)}, or ${a(second)}.`;
  return `It reads ${first}, and is ${percent(doubts[first]).replace("> ", "more than ")} sure.`;
};

const begin = async (root) => {
  const find = (name) => root.querySelector(name);
  const [answer, live, clear] = ["[data-answer]", "[aria-live]", "[data-clear]"].map(find);
  const invitation = answer.textContent;
  const [{ Drawing }, { makePad }] = await Promise.all([
    import("./draw/drawing.js"),
    import("./draw/pad.js"),
  ]);
  const drawing = new Drawing();
  let read = null;
  let sayDue = 0;
  let answerDue = 0;

  const say = (text) => {
    answer.textContent = text;
    clearTimeout(sayDue);
    sayDue = setTimeout(() => {
      live.textContent = text;
    }, PAUSE);
  };
  const renew = () => {
    if (answerDue) return;
    answerDue = requestAnimationFrame(() => {
      answerDue = 0;
      clear.hidden = drawing.isEmpty;
      if (drawing.isEmpty) say(invitation);
      else if (read) say(sentence(read(drawing.seen().pixels)));
    });
  };
  const show = makePad(find(".draw-area"), drawing, renew, (text) => {
    live.textContent = text;
  });
  clear.addEventListener("click", () => {
    drawing.clear();
    show();
    find(".draw-area").focus();
  });
  show();
  try {
    read = await loadReader();
    renew();
    root.dataset.ready = "";
  } catch (error) {
    answer.textContent = `The network could not be loaded (${error.message}).`;
  }
};

/** Make the pad work, where its block is `root`, once it is seen or touched. */
export const start = (root) => {
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    seen.disconnect();
    begin(root);
  });
  seen.observe(root);
};

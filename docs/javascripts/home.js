// The pad of the home page: one small network reads what is drawn. It is loaded when the pad is seen.

const load = async () => {
  const modules = ["drawing", "networks", "pad", "reading"].map((name) => `./draw/${name}.js`);
  return Object.assign({}, ...(await Promise.all(modules.map((module) => import(module)))));
};

const begin = async (root) => {
  const find = (name) => root.querySelector(name);
  const [answer, live, clear] = ["[data-answer]", "[aria-live]", "[data-clear]"].map(find);
  const { Drawing, loadNetworks, makePad, makeVoice, read, sentence } = await load();
  const drawing = new Drawing();
  const say = makeVoice(answer, live);
  let words = answer.textContent; // of the pad while it reads nothing
  let network = null;
  let answerDue = 0;

  const renew = () => {
    if (answerDue) return;
    answerDue = requestAnimationFrame(() => {
      answerDue = 0;
      clear.hidden = drawing.isEmpty;
      if (network && !drawing.isEmpty) say(sentence(read(network, drawing.seen().pixels), "It"));
      else say(words, false);
    });
  };
  const whisper = (text) => {
    live.textContent = text;
  };
  const show = makePad(find(".draw-area"), drawing, renew, whisper);
  clear.addEventListener("click", () => {
    drawing.clear();
    show();
    find(".draw-area").focus();
  });
  show();
  try {
    [network] = await loadNetworks([root.dataset.home]);
    root.dataset.ready = "";
  } catch (error) {
    words = `The network could not be loaded (${error.message}).`;
    whisper(words);
  }
  renew();
};

/** Make the pad work, where its block is `root`, once it is seen. */
export const start = (root) => {
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    seen.disconnect();
    begin(root);
  });
  seen.observe(root);
};

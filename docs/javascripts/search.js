// The worker of the theme's search, but the texts of the pages come with the first letter that
// somebody types: they, and what searches them, would double what a first visit weighs.
// `mnist_lessons/publishing/site/search_index.py` has put them into a file of their own.

const [SETUP, READY, QUERY] = [0, 1, 2]; // types of messages
const TEXTS = new URL("../search/texts.json", location);
const THEME = location.hash.slice(1); // where the theme's worker lies

let settings = null;
let starting = null;

const start = async () => {
  const response = await fetch(TEXTS);
  if (!response.ok) throw new Error(`${TEXTS}: ${response.status}`);
  const worker = new Worker(THEME);
  worker.addEventListener("message", ({ data }) => data.type !== READY && postMessage(data));
  worker.postMessage({ type: SETUP, data: { ...settings, docs: await response.json() } });
  return worker;
};

const ask = async (question) => {
  starting ??= start();
  try {
    (await starting).postMessage(question);
  } catch (error) {
    starting = null; // the next letter tries again
    console.warn(error);
  }
};

addEventListener("message", ({ data }) => {
  if (data.type === SETUP) {
    settings = data.data;
    postMessage({ type: READY });
  } else if (data.type === QUERY && data.data) ask(data);
});

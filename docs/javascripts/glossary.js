// Shows what a word means that leads to the glossary: on hover, on focus and at the first tap.

const WAIT = 250; // milliseconds: whoever only passes by asks nothing
const ROOM = 8; // pixels between a meaning and the edges of the window
const WORD = "a.word";

const make = (name, properties) => Object.assign(document.createElement(name), properties);

const box = make("div", { className: "meaning", popover: "manual", tabIndex: -1 });
let glossary = null; // its page, fetched once
let wanted = null; // the word whose meaning is to come
let shown = null; // the word whose meaning stands below it
let touched = false; // whether it was a finger or a pen that came last
let timer = 0;

const soon = (act) => {
  clearTimeout(timer);
  timer = setTimeout(act, WAIT);
};

const fetched = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
};

/** A term and the first paragraph of its entry, without links: they are of another page. */
const meaningOf = async (word) => {
  glossary ??= fetched(word.pathname);
  const page = await glossary.catch((error) => {
    glossary = null;
    throw error;
  });
  const term = page.getElementById(word.hash.slice(1));
  const meaning = term.nextElementSibling.cloneNode(true);
  for (const link of meaning.querySelectorAll("a")) link.replaceWith(...link.childNodes);
  meaning.id = "meaning";
  meaning.prepend(make("strong", { textContent: term.firstChild.textContent }), " ");
  return meaning;
};

const hide = () => {
  clearTimeout(timer);
  wanted = null;
  shown?.removeAttribute("aria-describedby");
  shown = null;
  box.hidePopover?.(); // a browser without it has links
};

/** Below the word, or above it where there is no room; it moves with the page. */
const place = (word) => {
  const { left, top, bottom } = word.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const fits = bottom + box.offsetHeight + ROOM <= clientHeight;
  const above = top - box.offsetHeight - ROOM / 2;
  const most = clientWidth - box.offsetWidth - ROOM;
  box.style.left = `${scrollX + Math.max(ROOM, Math.min(left, most))}px`;
  box.style.top = `${scrollY + (fits || above < 0 ? bottom + ROOM / 2 : above)}px`;
};

const show = async (word) => {
  wanted = word;
  const meaning = await meaningOf(word);
  if (wanted !== word || shown === word) return;
  hide();
  shown = word;
  box.replaceChildren(meaning, make("a", { href: word.href, textContent: "In the glossary" }));
  word.setAttribute("aria-describedby", meaning.id);
  box.showPopover();
  place(word);
};

/** Show a meaning in a moment; without the glossary, the word is a link like others. */
const offer = (word) => {
  wanted = word;
  meaningOf(word).catch(() => {});
  soon(() => show(word).catch(() => {}));
};

const isOf = (element) => shown?.contains(element) || box.contains(element);

const hover = ({ target, pointerType }) => {
  if (pointerType !== "mouse") return;
  const word = target.closest(WORD);
  if (isOf(target)) clearTimeout(timer);
  else if (word) offer(word);
  else soon(() => shown?.matches(":focus-visible") || hide());
};

const press = ({ target, pointerType }) => {
  touched = pointerType !== "mouse";
  if (!isOf(target)) hide();
};

/** The first tap shows a meaning, the second follows the link, as the first does without one. */
const tap = (event) => {
  const word = event.target.closest(WORD);
  if (!touched || !word || word === shown) return;
  event.preventDefault();
  event.stopPropagation(); // the theme would follow it
  show(word).catch(() => location.assign(word.href));
};

const focus = ({ target }) => {
  if (target.matches(`${WORD}:focus-visible`)) offer(target);
};

const blur = ({ target, relatedTarget }) => {
  if ((isOf(target) || target === wanted) && !isOf(relatedTarget)) hide();
};

const pressKey = ({ key }) => {
  touched = false;
  if (key === "Escape") hide();
};

document.addEventListener("pointerover", hover);
document.addEventListener("pointerdown", press);
document.addEventListener("click", tap, { capture: true });
document.addEventListener("focusin", focus);
document.addEventListener("focusout", blur);
document.addEventListener("keydown", pressKey);
addEventListener("resize", hide);

/** Have meanings shown on the page of a word. */
export const start = (word) => {
  hide();
  word.closest("article").append(box);
};

// Makes the static lists of mistakes a browser: one network at a time, filters, a closer look.

import { button, make } from "./errors/elements.js";
import { makeLook } from "./errors/look.js";
import { move, rove } from "./errors/roving.js";

/** Make a list a browser, where `root` has a section for each network. */
export const start = (root) => {
  const sections = [...root.querySelectorAll(".errors-network")];
  const address = new URL("errors.json", document.baseURI);
  let section = sections[0];
  let shown = [];
  let data = null;
  let started = false;

  const items = () => [...section.querySelectorAll(".errors-list > li")];
  const load = async (image) => {
    if (!data) {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(answer.statusText);
      data = await answer.json();
    }
    const mistakes = data.networks[section.dataset.network];
    return mistakes[items().indexOf(image.parentElement)];
  };
  const { dialog, look } = makeLook(() => shown, load);

  // Filters.

  const digits = ["any", ..."0123456789"];
  const choice = (text) => {
    const select = make("select", {}, ...digits.map((digit) => make("option", {}, digit)));
    return [make("label", {}, `${text} `, select), select];
  };
  const [trueLabel, trueDigit] = choice("True digit");
  const [readLabel, readDigit] = choice("Read as");
  const all = button("Show all");
  const status = make("p", { class: "errors-count", role: "status" });
  const hint = make(
    "p",
    { class: "errors-hint" },
    "Choose a cell of the matrix to see its mistakes, and an image to see the doubts of the " +
      "network. In the matrix and in the list, the arrow keys move.",
  );
  const filters = make(
    "div",
    { class: "errors-filters" },
    make(
      "div",
      { class: "errors-selects", role: "group", "aria-label": "Filter" },
      trueLabel,
      readLabel,
      all,
    ),
    status,
    hint,
  );

  const wanted = (pair) =>
    (trueDigit.value === "any" || pair[0] === trueDigit.value) &&
    (readDigit.value === "any" || pair[1] === readDigit.value);

  const told = () => {
    const [real, read] = [trueDigit.value, readDigit.value];
    if (real !== "any" && read !== "any") return `: ${real} read as ${read}`;
    if (real !== "any") return `: a true ${real} read as another digit`;
    return read !== "any" ? `: another digit read as ${read}` : "";
  };

  // The address names what is shown, so that it can be sent, and found again with Back.
  const remember = () => {
    const pair = [trueDigit.value, readDigit.value];
    const filters = pair.every((digit) => digit === "any") ? [] : pair;
    const place = [`#errors-${section.dataset.network}`, ...filters].join(":");
    history.replaceState(history.state, "", place);
  };

  const filter = () => {
    shown = [];
    for (const item of items()) {
      item.hidden = !wanted(item.dataset.pair);
      if (!item.hidden) shown.push(item.firstElementChild);
    }
    const whole = section.querySelectorAll(".errors-list > li").length;
    status.textContent = `${shown.length} of ${whole} mistakes${told()}`;
    for (const cell of section.querySelectorAll(".errors-matrix button")) {
      const [real, read] = cell.parentElement.dataset.pair;
      const pressed = trueDigit.value === real && readDigit.value === read;
      cell.setAttribute("aria-pressed", String(pressed));
    }
    rove(shown[0]);
    if (started) remember();
  };

  const choose = (real, read) => {
    [trueDigit.value, readDigit.value] = [real, read];
    filter();
  };

  // Wiring: all listeners but one are on elements of this page, and go with them.

  for (const network of sections) {
    for (const item of network.querySelectorAll(".errors-list > li")) {
      const image = button("", { class: "errors-open", tabindex: "-1" });
      image.append(...item.childNodes);
      item.append(image);
    }
    for (const cell of network.querySelectorAll(".errors-matrix [data-pair]")) {
      const [real, read] = cell.dataset.pair;
      const label = `${cell.textContent}: ${real} read as ${read}`;
      const attributes = { class: "", "aria-label": label, tabindex: "-1" };
      cell.replaceChildren(button(cell.textContent, attributes));
    }
    rove(network.querySelector(".errors-matrix button"));
    for (const group of network.querySelectorAll(".errors-matrix, .errors-list")) {
      group.addEventListener("keydown", move);
    }
  }

  const tabs = sections.map((network) =>
    button(network.dataset.title, { "aria-pressed": "false" }),
  );
  const show = (number) => {
    section = sections[number];
    sections.forEach((network, place) => {
      network.hidden = place !== number;
      tabs[place].setAttribute("aria-pressed", String(place === number));
    });
    section.querySelector("h3").before(filters);
    filter();
  };
  for (const [number, tab] of tabs.entries()) tab.addEventListener("click", () => show(number));
  root.prepend(
    make("div", { class: "errors-networks", role: "group", "aria-label": "Network" }, ...tabs),
  );
  root.append(dialog);

  root.addEventListener("click", (event) => {
    const image = event.target.closest(".errors-open");
    const cell = event.target.closest(".errors-matrix button");
    if (image) look(image);
    if (!cell) return;
    rove(cell);
    const again = cell.getAttribute("aria-pressed") === "true";
    choose(...(again ? ["any", "any"] : cell.parentElement.dataset.pair));
    status.scrollIntoView({ block: "nearest" });
  });
  trueDigit.addEventListener("change", filter);
  readDigit.addEventListener("change", filter);
  all.addEventListener("click", () => choose("any", "any"));

  const follow = () => {
    const [name, real = "any", read = "any"] = location.hash.slice(1).split(":");
    const number = sections.findIndex((network) => `errors-${network.dataset.network}` === name);
    if (number < 0) return false;
    const known = (digit) => (digits.includes(digit) ? digit : "any");
    [trueDigit.value, readDigit.value] = [known(real), known(read)];
    show(number);
    tabs[0].scrollIntoView();
    return true;
  };
  const listen = () => (root.isConnected ? follow() : removeEventListener("hashchange", listen));
  addEventListener("hashchange", listen);
  root.classList.add("is-ready");
  if (!follow()) show(0);
  started = true;
};

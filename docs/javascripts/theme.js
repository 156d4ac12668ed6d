// What the theme makes without a name, or without a way to reach it by keyboard.

document.querySelector(".md-search").ariaLabel = "Search";

const drawer = document.getElementById("__drawer");
const label = document.querySelector(".md-header__button[for=__drawer]");
const button = Object.assign(document.createElement("button"), {
  type: "button",
  className: label.className,
  ariaLabel: "Navigation",
  ariaExpanded: drawer.checked,
});
button.append(...label.childNodes);
button.addEventListener("click", () => drawer.click());
drawer.addEventListener("change", () => {
  button.ariaExpanded = drawer.checked;
});
label.replaceWith(button);

const mend = () => {
  document.querySelectorAll("nav.md-code__nav").forEach((row, number) => {
    row.setAttribute("aria-label", `Listing ${number + 1}`);
  });
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) {
    box.tabIndex = 0;
  }
  for (const box of document.querySelectorAll(".formula.display, .formula.wide")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
addEventListener("resize", mend);
mend();

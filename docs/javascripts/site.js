// What the theme makes without a name, or without a way to reach it by keyboard.
(() => {
  const mend = () => {
    document.querySelectorAll("nav.md-code__nav").forEach((row, number) => {
      row.setAttribute("aria-label", `Listing ${number + 1}`);
    });
    for (const box of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) {
      box.tabIndex = 0;
    }
  };
  new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
  mend();
})();

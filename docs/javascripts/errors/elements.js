// Elements that the error browser makes.

/** An element with attributes and children. */
export const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

/** A button; attributes may take the place of those that all buttons have. */
export const button = (text, attributes = {}) =>
  make("button", { type: "button", class: "errors-button", ...attributes }, text);

// Prints, as JSON, what is not valid in the HTML and SVG files below a folder: html-validate, with
// two rules of ours for what it leaves out.

import { globSync } from "node:fs";
import { join } from "node:path";
import { aria, roles } from "aria-query";
import { htmlElementAttributes } from "html-element-attributes";
import { HtmlValidate, Rule, StaticConfigLoader } from "html-validate";
import { mathmlTagNames } from "mathml-tag-names";
import { svgElementAttributes } from "svg-element-attributes";
import { svgTagNames } from "svg-tag-names";

const lower = (name) => name.toLowerCase(); // as the HTML parser reads them
const FOREIGN = { svg: new Set(svgTagNames.map(lower)), math: new Set(mathmlTagNames) };
const ATTRIBUTES = {
  html: htmlElementAttributes,
  svg: Object.fromEntries(
    Object.entries(svgElementAttributes).map(([tag, names]) => [lower(tag), names.map(lower)]),
  ),
};
// Of any element; `property` is RDFa's, for what is told to search engines.
const GLOBAL =
  /^(aria-.+|class|data-.+|id|lang|property|role|style|tabindex|xml(ns)?(:.+)?|xlink:.+)$/;

// Elements of drawings and formulas, and attributes, are those that there are.
class KnownNames extends Rule {
  setup() {
    this.on("dom:ready", ({ document }) => {
      for (const child of document.root.childElements) this.check(child, "html");
    });
  }

  check(element, outside) {
    const tag = lower(element.tagName);
    const kind = tag in FOREIGN ? tag : outside;
    if (FOREIGN[kind] && !FOREIGN[kind].has(tag)) {
      this.report(element, `There is no element <${tag}> in <${kind}>`);
    }
    for (const { key } of element.attributes) {
      if (ATTRIBUTES[kind] && !this.isKnown(lower(key), tag, ATTRIBUTES[kind])) {
        this.report(element, `There is no attribute "${key}" of <${tag}>`);
      }
    }
    const inside = ["foreignobject", "annotation-xml"].includes(tag) ? "html" : kind;
    for (const child of element.childElements) this.check(child, inside);
  }

  isKnown(name, tag, attributes) {
    return GLOBAL.test(name) || attributes["*"].includes(name) || attributes[tag]?.includes(name);
  }
}

// Roles, and names and values of attributes: https://www.w3.org/TR/wai-aria-1.2/.
class Aria extends Rule {
  setup() {
    this.on("attr", ({ target, key, value }) => {
      const words = String(value ?? "").split(/\s+/);
      if (key === "role") {
        const unknown = words.find((role) => roles.get(role)?.abstract !== false);
        if (unknown !== undefined) this.report(target, `There is no role "${unknown}"`);
      } else if (key.startsWith("aria-") && !aria.has(key)) {
        this.report(target, `There is no attribute "${key}"`);
      } else if (key.startsWith("aria-") && !this.allows(aria.get(key), words)) {
        this.report(target, `"${key}" cannot be "${value ?? ""}"`);
      }
    });
  }

  allows({ type, values = [], allowundefined }, words) {
    const truths = ["true", "false", ...(allowundefined ? ["undefined"] : [])];
    if (type === "tokenlist") return words.every((word) => values.includes(word));
    if (type === "token") return words.length === 1 && values.map(String).includes(words[0]);
    if (type === "boolean") return truths.includes(words.join(" "));
    if (type === "tristate") return [...truths, "mixed"].includes(words.join(" "));
    if (type === "integer") return /^-?\d+$/.test(words.join(" "));
    if (type === "number") return words[0] !== "" && Number.isFinite(Number(words.join(" ")));
    return true;
  }
}

const validator = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ["html-validate:standard"],
    // Drawings and formulas are read, too.
    elements: [
      "html5",
      {
        svg: { foreign: false },
        math: { foreign: false },
        title: { permittedParent: ["head", ...svgTagNames] },
      },
    ],
    plugins: [{ name: "ours", rules: { "known-names": KnownNames, aria: Aria } }],
    rules: {
      aria: "error",
      "element-name": ["error", { whitelist: [...svgTagNames, ...mathmlTagNames] }],
      "input-missing-label": "error",
      "known-names": "error",
      "missing-doctype": "error",
      "no-missing-references": "error",
      "wcag/h37": "error", // a picture has a text
    },
  }),
);

const folder = process.argv[2];
const files = globSync("**/*.{html,svg}", { cwd: folder }).sort();
const { results } = await validator.validateMultipleFiles(files.map((file) => join(folder, file)));
const messages = results.flatMap(({ filePath, source, messages }) =>
  messages
    .filter(({ ruleId }) => ruleId !== "missing-doctype" || !filePath.endsWith(".svg"))
    .map(({ line, offset, message }) => {
      const start = Math.max(0, source.lastIndexOf("<", offset));
      return { place: `${filePath}:${line}`, message, source: source.slice(start, start + 160) };
    }),
);
console.log(JSON.stringify({ files, messages }));

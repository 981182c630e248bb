// Renders the questionnaire with Smart Forms (CSIRO) in jsdom, filled in, and prints what it exports.
// In: one JSON object {questionnaire, responses}; out: {shown, exported} for each response, one a line.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "esbuild";
import { JSDOM } from "jsdom";

const { questionnaire, responses } = JSON.parse(readFileSync(0, "utf8"));
const { window } = new JSDOM('<!doctype html><html><body><div id="form"></div></body></html>', {
  pretendToBeVisual: true,
  url: "http://127.0.0.1/",
});
window.matchMedia = () => ({ matches: false, addListener() {}, removeListener() {}, addEventListener() {}, removeEventListener() {} });
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}
for (const name of Object.getOwnPropertyNames(window)) {
  if (!(name in globalThis)) {
    globalThis[name] = window[name];
  }
}
Object.assign(globalThis, { window, document: window.document, ResizeObserver: Observer, IntersectionObserver: Observer });
console.warn = console.error = () => {};

// the package is made for bundlers: it imports folders and style sheets
const bundled = await build({
  stdin: {
    contents: `
      export * as React from "react";
      export { createRoot } from "react-dom/client";
      export { QueryClient, QueryClientProvider } from "@tanstack/react-query";
      export { BaseRenderer, RendererThemeProvider, buildForm, getResponse } from "@aehrc/smart-forms-renderer";`,
    resolveDir: import.meta.dirname,
  },
  bundle: true,
  write: false,
  format: "cjs",
  platform: "browser",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".css": "empty", ".woff": "empty", ".woff2": "empty" },
  logLevel: "error",
});
const module = { exports: {} };
new Function("module", "exports", "require", bundled.outputFiles[0].text)(
  module,
  module.exports,
  createRequire(import.meta.url),
);
const { React, createRoot, QueryClient, QueryClientProvider, BaseRenderer, RendererThemeProvider, buildForm, getResponse } =
  module.exports;

for (const response of responses) {
  await buildForm({ questionnaire, questionnaireResponse: response });
  const root = createRoot(window.document.getElementById("form"));
  const inside = React.createElement(RendererThemeProvider, null, React.createElement(BaseRenderer));
  root.render(React.createElement(QueryClientProvider, { client: new QueryClient() }, inside));
  await new Promise((done) => setTimeout(done, 1500));
  const shown = window.document.querySelectorAll("#form input, #form textarea").length;
  console.log(JSON.stringify({ shown, exported: getResponse() }));
  root.unmount();
}
process.exit(0);

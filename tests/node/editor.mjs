// Opens rule files in yaml-language-server, as an editor does. From stdin: {settings, documents: [{uri, text, at?}]};
// to stdout for each document its diagnostics, and the completions at `at` where that is given.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(createRequire(import.meta.url).resolve("yaml-language-server/package.json"));
const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = require("vscode-jsonrpc/node");
const { settings, documents } = JSON.parse(readFileSync(0, "utf8"));

const server = spawn(process.execPath, [require.resolve("./bin/yaml-language-server"), "--stdio"]);
const client = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
const waiting = new Map();
client.onRequest("workspace/configuration", ({ items }) =>
  items.map(({ section }) => (section === "yaml" ? { schemas: settings, validate: true, schemaStore: { enable: false } } : {})),
);
client.onRequest("client/registerCapability", () => null);
client.onNotification("textDocument/publishDiagnostics", ({ uri, diagnostics }) => waiting.get(uri)?.(diagnostics));
client.listen();

const capabilities = { workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } } };
await client.sendRequest("initialize", { processId: process.pid, rootUri: null, capabilities });
await client.sendNotification("initialized", {});
await client.sendNotification("workspace/didChangeConfiguration", { settings: {} });

const found = [];
for (const { uri, text, at } of documents) {
  const diagnosed = new Promise((resolve) => waiting.set(uri, resolve));
  await client.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
  const diagnostics = (await diagnosed).map(({ message, range }) => ({ message, line: range.start.line }));
  const textDocument = { uri };
  const position = at && { line: at[0], character: at[1] };
  const offered = at ? await client.sendRequest("textDocument/completion", { textDocument, position }) : { items: [] };
  found.push({ diagnostics, completions: offered.items.map(({ label }) => label) });
}
console.log(JSON.stringify(found));
await client.sendRequest("shutdown");
await client.sendNotification("exit");

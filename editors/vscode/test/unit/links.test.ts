import { CancellationToken } from "vscode-languageserver-protocol";
import { expect, test } from "vitest";
import { showDocument } from "../../src/agent/links";
import { opened } from "../fake/vscode";

const LINK =
  "https://api.example.com/web/start?code=a%26b%2Bc%20d#e%23ü&redirect=http%3A%2F%2F127.0.0.1%3A9%2Fcb";

test("a link for the browser is opened as the string that it is", async () => {
  const left = () => Promise.reject(new Error("the client's own way parses it"));
  const result = await showDocument({ uri: LINK, external: true }, CancellationToken.None, left);
  expect(result).toEqual({ success: true });
  expect(opened).toEqual([LINK]);
});

test("a document for the editor is left to the client", async () => {
  const next = () => Promise.resolve({ success: false });
  const result = await showDocument({ uri: "file:///a", external: false }, CancellationToken.None, next);
  expect(result).toEqual({ success: false });
  expect(opened).not.toContain("file:///a");
});

import { expect, test } from "vitest";
import { initializationOptions, readSettings } from "../../src/settings";

const read = (values: Record<string, unknown>) => readSettings((name) => values[name]);

const SURROUNDINGS = {
  ide: { name: "VS Code", version: "1.100.3" },
  extensionVersion: "0.1.0",
  machineName: "laptop",
};

test("what is not set is absent", () => {
  expect(read({})).toEqual({ serverUrl: "", traceLevel: "info" });
  expect(read({ "codestream.extraCerts": " ", "http.proxy": "" })).toEqual({
    serverUrl: "",
    traceLevel: "info",
  });
});

test("the proxy is VS Code's own, and strict unless told otherwise", () => {
  const proxy = "http://proxy.example.com:3128";
  expect(read({ "http.proxy": proxy }).proxy).toEqual({ url: proxy, strictSSL: true });
  expect(read({ "http.proxy": proxy, "http.proxyStrictSSL": false }).proxy).toEqual({
    url: proxy,
    strictSSL: false,
  });
});

test("the agent is told everything, and the session's token when there is one", () => {
  const settings = read({
    "codestream.serverUrl": "https://api.example.com ",
    "codestream.extraCerts": "/etc/ca.pem",
    "codestream.traceLevel": "debug",
    "http.proxy": "http://proxy.example.com:3128",
  });
  const session = { url: "https://api.example.com", email: "mona@example.com", value: "t", teamId: "team" };
  expect(initializationOptions(settings, SURROUNDINGS, session)).toEqual({
    serverUrl: "https://api.example.com",
    accessToken: "t",
    teamId: "team",
    proxy: { url: "http://proxy.example.com:3128", strictSSL: true },
    extraCerts: "/etc/ca.pem",
    extension: { version: "0.1.0" },
    ide: { name: "VS Code", version: "1.100.3" },
    machineName: "laptop",
    traceLevel: "debug",
  });
  expect(initializationOptions(settings, SURROUNDINGS, undefined)).not.toHaveProperty("accessToken");
});

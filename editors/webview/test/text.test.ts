import { describe, expect, test } from "vitest";
import type { Disconnected } from "../../../protocol/bindings/Disconnected";
import type { ErrorKind } from "../../../protocol/bindings/ErrorKind";
import { detailsOf, reportOf, requestOf } from "../src/details";
import { keyOf } from "../src/state";
import { disconnectedText, endText, purpose } from "../src/text";
import { count, countdown, countdownSpoken, refreshed, remaining, since } from "../src/time";
import {
  attempt,
  DAY,
  github,
  HOUR,
  intercom,
  NOW,
  octocat,
  rows,
  SERVER,
  status,
  withAccounts,
  newrelicByToken,
} from "./fixtures";
import { Play } from "./play";

const key = keyOf("connect", github.providerId);

describe("times", () => {
  test.each([
    [300_000, "5:00", "5 minutes 0 seconds left"],
    [61_000, "1:01", "1 minute 1 second left"],
    [59_001, "1:00", "1 minute 0 seconds left"],
    [400, "0:01", "1 second left"],
    [-5_000, "0:00", "0 seconds left"],
  ])("%i ms are %s", (left, short, spoken) => {
    expect(countdown(NOW + left, NOW)).toBe(short);
    expect(countdownSpoken(NOW + left, NOW)).toBe(spoken);
  });

  test("the bar goes from full to empty and not beyond", () => {
    expect([-10, 0, 50, 100, 200].map((now) => remaining(0, 100, now))).toEqual([1, 1, 0.5, 0, 0]);
    expect(remaining(100, 100, 100)).toBe(0);
  });

  test("a beginning that nobody knows is not shown", () => {
    expect(since(0, NOW)).toBeUndefined();
    expect(since(NOW, NOW)).toBe("just now");
    expect(since(NOW - 2 * HOUR, NOW)).toMatch(/^today, /);
    expect(since(NOW - DAY, NOW)).toMatch(/^yesterday, /);
    expect(since(NOW - 40 * DAY, NOW)).toContain("2026");
  });

  test("the next refresh", () => {
    expect(refreshed(undefined, NOW)).toBe("not needed, the access does not expire");
    expect(refreshed(NOW - 1, NOW)).toBe("due now");
    expect(refreshed(NOW + HOUR, NOW)).toMatch(/^automatic, by /);
  });

  test("one and many", () => {
    expect([0, 1, 2].map((n) => count(n, "permission"))).toEqual([
      "0 permissions",
      "1 permission",
      "2 permissions",
    ]);
  });
});

test("the line before a press names the host and the first reason", () => {
  expect(purpose(github)).toBe(
    "Opens github.com to let CodeStream read and comment on pull requests, also in private repositories.",
  );
  expect(purpose(intercom)).toBe("Opens app.intercom.com to connect your account.");
  expect(purpose(newrelicByToken)).toBe(
    "Takes a token that you make at newrelic.com to let CodeStream show errors and metrics beside the code.",
  );
});

test("a person who declined is not asked to try again", () => {
  const text = endText({ outcome: "failed", kind: "declined", message: "Other words." }, "GitHub", "connect");
  expect(text).toMatchObject({ sentence: "You declined. Nothing was changed.", again: false });
});

test("an account that exists is signed in with, one that does not is signed up with", () => {
  expect(endText({ outcome: "failed", kind: "alreadyRegistered" }, "GitHub", "connect").help).toBe("signIn");
  expect(endText({ outcome: "failed", kind: "notRegistered" }, "GitHub", "connect").help).toBe("signUp");
});

test("a failure that the view does not know is told in the agent's words", () => {
  const kind = "somethingNew" as ErrorKind;
  expect(endText({ outcome: "failed", kind, message: "New words." }, "GitHub", "connect")).toMatchObject({
    title: "Something went wrong",
    sentence: "New words.",
    again: true,
  });
});

test.each<[Disconnected, string]>([
  [{ revoked: "yes" }, "mona is disconnected. GitHub confirmed that the access has ended."],
  [
    { revoked: "unsupported", manualUrl: "https://github.com/settings" },
    "mona is disconnected. GitHub has no way to end the access from here. You can end it there yourself.",
  ],
  [{ revoked: "failed" }, "mona is disconnected. GitHub did not confirm that the access has ended."],
])("%j", (result, text) => {
  expect(disconnectedText(result, "mona", "GitHub")).toBe(text);
});

test("a link that has a button is not spelled out", () => {
  const link = "https://login.example.com/adminconsent?client_id=a%26b";
  const end = { outcome: "failed", kind: "adminApproval", link } as const;
  const sentence = "Ask an administrator of your organisation to approve CodeStream.";
  expect(
    endText({ ...end, message: `Send yours this: “Approve it at ${link}.”` }, "GitHub", "connect"),
  ).toMatchObject({
    sentence,
  });
  expect(endText({ ...end, message: "Only vetted apps." }, "GitHub", "connect").sentence).toBe(
    "Only vetted apps.",
  );
});

describe("what is copied", () => {
  test("the details of an attempt name it, and leave its link out", () => {
    const end = {
      outcome: "failed",
      kind: "exchangeRefused",
      code: "PRVD-1001",
      message: "Refused.",
    } as const;
    const play = new Play().started();
    play.say({
      type: "host",
      ide: "VS Code",
      version: "1.100.3",
      extensionVersion: "0.1.0",
      serverUrl: SERVER,
    });
    play.attempt(attempt(github, { end }));
    const text = detailsOf(play.state, key);
    expect(text).toContain("Attempt: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff");
    expect(text).toContain("Ended: failed, exchangeRefused, PRVD-1001");
    expect(text).toContain("Started: 2026-11-");
    expect(text).toContain("Plugin: 0.1.0 in VS Code 1.100.3");
    expect(text).not.toContain("code=");
    expect(text).not.toContain("/web/provider-auth/");
  });

  test("the details of an account name who, since when and the scopes", () => {
    const play = new Play().started(status(), rows(withAccounts(github, octocat)));
    const text = detailsOf(play.state, key);
    expect(text).toContain("Account: octocat");
    expect(text).toContain("Scopes: repo read:user user:email notifications read:org");
    expect(text).toMatch(/Next refresh by: 2026-/);
  });

  test("the report says what is wrong with the server", () => {
    const play = new Play().say({ type: "agent", status: "running" });
    play.refuse("codestream/provider/list", {
      code: -32803,
      message: "The server does not answer.",
      data: { kind: "serverUnreachable", retryable: true },
    });
    expect(reportOf(play.state)).toContain("Problem code: -32803 serverUnreachable");
  });

  test("the way to the server is told: the proxy, the certificate authorities, and whether they are asked", () => {
    const way = {
      proxy: "proxy.example.com:3128, with credentials, named by the setting `proxy`",
      trust: "the operating system's trust store and /etc/example.pem",
      strict: true,
    };
    const play = new Play().started(status({ way }));
    for (const text of [reportOf(play.state), detailsOf(play.state, key)]) {
      expect(text).toContain(`Proxy: ${way.proxy}\n`);
      expect(text).toContain(`Certificate authorities: ${way.trust}\n`);
      expect(text).toContain("Certificates: checked\n");
    }
    play.started(status({ way: { ...way, strict: false } }));
    expect(reportOf(play.state)).toContain("Certificates: NOT CHECKED, as the settings ask\n");
    expect(reportOf(play.started().state)).not.toContain("Proxy");
  });

  test.each([
    ["https://mona:hunter2@api.example.com", "https://api.example.com"],
    ["https://mona:hunter2@hunter2@api.example.com/a", "https://api.example.com/a"],
    ["mona:hunter2/hunter2@api.example.com", "api.example.com"],
  ])("of %s only %s is copied", (serverUrl, copied) => {
    const play = new Play();
    play.say({ type: "host", ide: "VS Code", version: "1.100.3", extensionVersion: "0.1.0", serverUrl });
    expect(reportOf(play.state)).toContain(`Server: ${copied}\n`);
    const text = reportOf(play.started({ ...status(), server: serverUrl }).state);
    expect(text).toContain(`Server: ${copied}\n`);
    expect(text).not.toContain("hunter2");
  });

  test("the request to an administrator lists each scope with its reason", () => {
    const text = requestOf(new Play().started().state, key);
    expect(text).toContain("approve CodeStream for our organisation at GitHub (github.com)");
    expect(text).toContain("- read:org: to find the repositories of your organisations");
    expect(text).not.toContain("http");
  });

  test("a request names the administrator's page where the service has one", () => {
    const link = "https://login.example.com/adminconsent?client_id=a%26b";
    const end = { outcome: "failed", kind: "adminApproval", link } as const;
    const { state } = new Play().started().attempt(attempt(github, { end }));
    expect(requestOf(state, key)).toContain(`You do so here: ${link}\n`);
    expect(detailsOf(state, key)).toContain(`Page: ${link}`);
  });
});

import { expect, test } from "vitest";
import { toConnect, toDisconnect, toIdentities, toLink, toSessions, toSignIn } from "../../src/commands/pick";
import { connected, provider } from "./examples";

test("services to connect say who is connected, or what is asked for", () => {
  const broken = provider({ accounts: [{ who: "mona", since: 1, error: "revoked" }] });
  expect(toConnect([connected, provider(), broken]).map(({ detail }) => detail)).toEqual([
    "Connected as mona",
    "Asks to show which account is connected",
    "To reconnect",
  ]);
});

test("each account of a service can be disconnected by itself", () => {
  const accounts = [
    { who: "mona", since: 1, providerTeamId: "T1" },
    { who: "mona", since: 1, providerTeamId: "T2" },
  ];
  const rows = toDisconnect([provider({ connected: true, accounts }), provider()]);
  expect(rows.map(({ account }) => account.providerTeamId)).toEqual(["T1", "T2"]);
});

test("only services that can prove who somebody is are there to sign in with", () => {
  expect(toSignIn([provider(), provider({ canSignUp: false })])).toHaveLength(1);
});

test("a way to sign in is added of services that can be signed in with, and not with a token alone", () => {
  const rows = [
    provider(),
    provider({ canSignUp: false }),
    provider({ tokenOnly: true }),
    provider({ reAdd: true }),
  ];
  expect(toLink(rows).map((row) => row.provider)).toEqual([rows[0]]);
});

test("ways to sign in say how they came about, and one row adds another", () => {
  const one = {
    identityId: "1",
    provider: "example",
    providerId: "code*example*com",
    host: "code.example.com",
    displayName: "Example",
    name: "mona",
  };
  const rows = toIdentities([
    { ...one, origin: "signUp" },
    { ...one, origin: "linked" },
  ]);
  expect(rows.map(({ detail, identity }) => [detail, identity?.origin])).toEqual([
    ["Signed up with this account", "signUp"],
    ["Added", "linked"],
    [undefined, undefined],
  ]);
});

test("sessions say where they are, and which is this one", () => {
  const now = 1_795_000_000_000;
  const rows = toSessions(
    [
      { sessionId: "1", current: true, ide: "VS Code", machine: "laptop", since: now },
      { sessionId: "2", current: false, since: now, lastUsedAt: now, address: "192.0.2.7" },
    ],
    now,
  );
  expect(rows.map(({ label, description, detail }) => [label, description, detail])).toEqual([
    ["VS Code on laptop", "This window", "since just now"],
    ["An editor", undefined, "since just now · last used just now · 192.0.2.7"],
  ]);
});

import { expect, test } from "vitest";
import { toConnect, toDisconnect, toSignIn } from "../../src/commands/pick";
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

/** The page about the person's account, and attempts to add a way to sign in. */
import type { Attempt } from "../../../../protocol/bindings/Attempt";
import {
  attempt,
  bitbucket,
  DAY,
  github,
  gitlab,
  HOUR,
  identities,
  identity,
  NOW,
  octocat,
  provider,
  rows,
  sessions,
  withAccounts,
} from "../fixtures";
import { button, changed, press, refusal, type Scene } from "./act";
import type { Answers, View } from "./host";

export const OTHER_BROWSER =
  "The link was opened in another browser. If that was you, choose Open again there. If not, choose Cancel.";

async function open(view: View, answers: Answers = {}): Promise<void> {
  await view.start({ identities, sessions, ...answers });
  await button(view, "Your account").click();
  await view.settled();
}

/** A service is being added, and it goes on like this. */
const linking =
  (change: Partial<Attempt> = {}): Scene =>
  async (view) => {
    await open(view);
    await button(view, "Add a way to sign in").click();
    await press(view, "Bitbucket", attempt(bitbucket, { kind: "link", ...change }));
  };

const came = { step: "confirming", account: "eve" } as const;

const hosted = withAccounts(
  provider("github", "GitHub", "git.example.com", [], {
    added: true,
    canUseToken: true,
    redirectUri: "https://api.example.com/no-auth/provider-token/github/git*example*com",
  }),
  { who: "mona", since: NOW - 2 * HOUR },
);

const removeAsked =
  (...affected: string[]): Scene =>
  async (view) => {
    await view.start({ providers: rows(github, hosted) });
    await button(view, "Details of mona at GitHub").click();
    await button(view, "Remove GitHub at git.example.com").click();
    await button(view, "Remove").click();
    const { id } = await view.request("codestream/provider/remove");
    const { data, ...error } = refusal("forbidden", "Others have accounts there.");
    if (data) await view.reply(id, { ...error, data: { ...data, affected } });
  };

export const accessScenes: Record<string, Scene> = {
  account: (view) => open(view),
  "account-only-way": (view) =>
    open(view, { identities: [identity(github)], sessions: sessions.slice(0, 1) }),
  "account-loading": async (view) => {
    await view.start();
    await button(view, "Your account").click();
    await view.request("codestream/session/list");
  },
  "account-unreachable": (view) => {
    const unreachable = refusal("serverUnreachable", "The server doesn't answer. Try again.", true);
    return open(view, { identities: unreachable, sessions: unreachable });
  },
  "account-hostile-names": (view) =>
    open(view, {
      identities: [
        identity(github, { name: "<img src=x onerror=alert(1)> \u202Emoc.elpmaxe@anom\u2069" }),
        identity(gitlab, { name: "W".repeat(400), origin: "linked", since: NOW - DAY }),
      ],
    }),
  "account-choices": async (view) => {
    await open(view);
    await button(view, "Add a way to sign in").click();
  },
  "account-remove-asked": async (view) => {
    await open(view);
    await button(view, "Remove mona@example.com at GitLab as a way to sign in").click();
  },
  "account-removed": async (view) => {
    await open(view);
    await button(view, "Remove mona@example.com at GitLab as a way to sign in").click();
    await button(view, "Remove").click();
    view.answers.identities = identities.slice(0, 1);
    await view.reply((await view.request("codestream/login/unlink")).id, {});
  },
  "account-sign-out-asked": async (view) => {
    await open(view);
    await button(view, "Sign out everywhere else").click();
  },
  "account-signed-out-elsewhere": async (view) => {
    await open(view);
    await button(view, "Sign out everywhere else").click();
    await button(view, "Sign out everywhere else").click();
    view.answers.sessions = sessions.slice(0, 1);
    await view.reply((await view.request("codestream/session/end")).id, { ended: 1 });
  },
  "link-waiting": linking(),
  "link-other-browser": linking({ note: OTHER_BROWSER }),
  "link-confirm": linking(came),
  "link-confirm-noted": linking({ ...came, note: OTHER_BROWSER }),
  "link-confirm-hostile-name": linking({
    ...came,
    account: "\u202Eeve\u2069 at GitHub sign in? No, \u05D0\u05D1\u05D2 <b>mona</b> can",
  }),
  "link-confirm-at-services": async (view) => {
    await view.start();
    await view.say(changed(attempt(bitbucket, { kind: "link", ...came })));
  },
  "link-allowing": async (view) => {
    await linking(came)(view);
    await button(view, "Allow sign-in").click();
    await view.request("codestream/attempt/confirm");
  },
  "link-not-allowed": async (view) => {
    await linking(came)(view);
    await button(view, "Allow sign-in").click();
    const { id } = await view.request("codestream/attempt/confirm");
    await view.reply(id, refusal("serverUnreachable", "The server doesn't answer. Try again.", true));
  },
  "link-finishing": linking({ step: "finishing", account: "eve" }),
  "link-added": async (view) => {
    await linking(came)(view);
    view.answers.identities = [
      ...identities,
      identity(bitbucket, { name: "eve", since: NOW, origin: "linked" }),
    ];
    await view.say(
      changed(attempt(bitbucket, { kind: "link", ...came, end: { outcome: "connected", account: "eve" } })),
    );
  },
  "link-in-use": linking({
    ...came,
    end: {
      outcome: "failed",
      kind: "alreadyRegistered",
      message: "eve at Bitbucket signs in to another CodeStream account.",
    },
  }),
  "disconnected-still-signs-in": async (view) => {
    await view.start({ providers: rows(withAccounts(github, octocat)) });
    await button(view, "Details of octocat at GitHub").click();
    await button(view, "Disconnect octocat from GitHub").click();
    await button(view, "Disconnect").click();
    const { id } = await view.request("codestream/provider/disconnect");
    const manualUrl = "https://github.com/settings/applications";
    await view.reply(id, { revoked: "unsupported", manualUrl, signsIn: true });
    await view.say({
      type: "notification",
      method: "codestream/didChangeData",
      params: { type: "providers", data: rows(github) },
    });
  },
  "self-hosted-added": async (view) => {
    await view.start();
    await button(view, "5 permissions of GitHub").click();
    await button(view, "Add self-hosted GitHub").click();
    const { providerId, redirectUri = "" } = hosted;
    view.answers.providers = rows(github, withAccounts(hosted));
    await view.reply((await view.command("addHost")).id, { providerId, redirectUri });
  },
  "self-hosted-redirect": async (view) => {
    await view.start({ providers: rows(github, hosted) });
    await button(view, "Details of mona at GitHub").click();
  },
  "self-hosted-add-again": (view) =>
    view.start({ providers: rows(github, { ...hosted, reAdd: true, canSignUp: false }) }),
  "self-hosted-remove-affects-one": removeAsked("Ada"),
  "self-hosted-remove-affects-others": removeAsked("Ada", "Grace", "Linus"),
};

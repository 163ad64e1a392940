/** What the person does. */
import { detailsOf, reportOf, requestOf } from "../details";
import { closeAccess, endSession, openAccess, result, unlink } from "./access";
import { keyOf, type Action, type Asking, type Key, type Press, type Turn } from "./model";
import {
  attemptOf,
  command,
  dismiss,
  listAccess,
  note,
  kindOf,
  providerIdOf,
  providerName,
  regionOf,
  refresh,
  request,
  runs,
  say,
  set,
  unset,
  waits,
} from "./turn";

export function act(turn: Turn, action: Action): void {
  switch (action.do) {
    case "connect": {
      const { providerId, providerTeamId, was } = action;
      const row = turn.state.providers?.find((one) => one.providerId === providerId);
      press(turn, {
        kind: "connect",
        providerId,
        provider: row?.name ?? providerId,
        at: turn.state.now,
        ...(providerTeamId !== undefined && { providerTeamId }),
        ...(was !== undefined && { was }),
      });
      return;
    }
    case "signIn": {
      const { providerId, signup } = action;
      const row = turn.state.providers?.find((one) => one.providerId === providerId);
      press(turn, {
        kind: "signIn",
        providerId,
        provider: row?.name ?? providerId,
        signup,
        at: turn.state.now,
      });
      return;
    }
    case "link": {
      const { providerId } = action;
      const row = turn.state.providers?.find((one) => one.providerId === providerId);
      const provider = row?.name ?? providerId;
      press(turn, { kind: "link", providerId, provider, at: turn.state.now });
      return;
    }
    case "tryAgain":
      tryAgain(turn, action.key);
      return;
    case "cancel":
      cancel(turn, action.key);
      return;
    case "reopen":
    case "copyLink":
    case "allow":
      goOn(turn, action.do, action.key);
      return;
    case "copyDetails": {
      const text = detailsOf(turn.state, action.key, action.providerTeamId);
      command(turn, "copy", { text }, copied(detailsName(action.key, action.providerTeamId)));
      return;
    }
    case "copyReport":
      command(turn, "copy", { text: reportOf(turn.state) }, copied("report"));
      return;
    case "copyRequest":
      command(turn, "copy", { text: requestOf(turn.state, action.key) }, copied(`request:${action.key}`));
      return;
    case "dismiss":
      dismiss(turn, action.key);
      note(turn, action.key, undefined);
      return;
    case "useToken":
      useToken(turn, action.key);
      return;
    case "addHost": {
      const { providerId, host } = action;
      const key = keyOf("connect", providerId);
      if (!runs(turn.state, key)) dismiss(turn, key);
      note(turn, key, undefined);
      const args = host === undefined ? { providerId } : { providerId, host };
      command(turn, "addHost", args, { for: "addHost", providerId });
      return;
    }
    case "copyRedirect": {
      const { providerId } = action;
      const row = turn.state.providers?.find((one) => one.providerId === providerId);
      const text = row?.redirectUri;
      if (text !== undefined) command(turn, "copy", { text }, copied(`redirect:${providerId}`));
      return;
    }
    case "openAccess":
      openAccess(turn);
      return;
    case "closeAccess":
      closeAccess(turn);
      return;
    case "endSession":
      endSession(turn, action.sessionId);
      return;
    case "list":
      result(turn, action.part, undefined);
      listAccess(turn, action.part);
      return;
    case "closeResult":
      result(turn, action.part, undefined);
      return;
    case "ask":
      set(turn, { asking: action.asking });
      return;
    case "unask":
      unset(turn, "asking");
      return;
    case "confirm":
      if (turn.state.asking) confirmed(turn, turn.state.asking);
      return;
    case "toggle": {
      const open = turn.state.open.filter((name) => name !== action.name);
      set(turn, {
        open: open.length === turn.state.open.length ? [...open, action.name] : open,
      });
      return;
    }
    case "mode":
      set(turn, { mode: action.mode });
      return;
    case "refresh":
      refresh(turn);
      return;
    case "signOut":
      request(turn, "codestream/logout", {}, { for: "logout" });
      return;
    case "openSettings":
    case "showLog":
    case "restartAgent":
      command(turn, action.do, {});
      return;
    case "openExternal":
      command(turn, "openExternal", { url: action.url });
      return;
    case "closeBanner":
      unset(turn, "banner");
      return;
  }
}

const copied = (what: string) => ({ for: "copy", what }) as const;

/** Names the choice of a way to sign in, among what is unfolded. */
export const LINK_CHOICES = "link-choices";

/** Names a copy of details, for its "Copied". */
export function detailsName(key: Key, providerTeamId: string | undefined): string {
  return `details:${key}:${providerTeamId ?? ""}`;
}

/** Has the agent go on with what waits for the person. A link is asked for each time: one that was used is no good to copy. */
function goOn(turn: Turn, what: "reopen" | "copyLink" | "allow", key: Key): void {
  const attempt = attemptOf(turn.state, key);
  if (!attempt || attempt.end) return;
  const { attemptId } = attempt;
  note(turn, key, undefined);
  switch (what) {
    case "reopen":
      request(turn, "codestream/attempt/reopen", { attemptId }, { for: "reopen", attemptId, key });
      return;
    case "copyLink":
      request(
        turn,
        "codestream/attempt/reopen",
        { attemptId, open: false },
        { for: "copyLink", attemptId, key },
      );
      return;
    case "allow":
      if (attempt.step !== "confirming") return;
      request(turn, "codestream/attempt/confirm", { attemptId }, { for: "confirm", attemptId, key });
      return;
  }
}

function press(turn: Turn, press: Press): void {
  const key = keyOf(press.kind, press.providerId);
  if (runs(turn.state, key)) {
    // A second click finds what runs; it starts nothing.
    turn.effects.push({ do: "focus", region: regionOf(press.kind, press.providerId) });
    return;
  }
  unset(turn, "asking", "banner");
  if (press.kind === "connect" && takesTokenOnly(turn, press.providerId)) {
    useToken(turn, key);
    return;
  }
  dismiss(turn, key);
  note(turn, key, undefined);
  set(turn, { presses: { ...turn.state.presses, [key]: press } });
  say(turn, `${providerName(turn.state, press.providerId)}: starting.`);
  const pending = { for: "press", key } as const;
  const { provider, providerId, providerTeamId, signup } = press;
  switch (press.kind) {
    case "signIn":
      request(turn, "codestream/login/sso", { provider, signup: signup ?? false }, pending);
      return;
    case "link":
      set(turn, { open: turn.state.open.filter((name) => name !== LINK_CHOICES) });
      request(turn, "codestream/login/link", { provider: providerId }, pending);
      return;
    case "connect": {
      const params = providerTeamId === undefined ? { providerId } : { providerId, providerTeamId };
      request(turn, "codestream/provider/connect", params, pending);
    }
  }
}

/** Whether there is no page to approve on: the agent refuses to connect it. */
function takesTokenOnly({ state }: Turn, providerId: string): boolean {
  return state.providers?.some((row) => row.providerId === providerId && row.tokenOnly === true) ?? false;
}

function useToken(turn: Turn, key: Key): void {
  // The host's box is open; a second one would lie under it.
  if (waits(turn.state, (pending) => pending.for === "useToken" && pending.key === key)) return;
  if (!runs(turn.state, key)) dismiss(turn, key);
  note(turn, key, undefined);
  command(turn, "useToken", { providerId: providerIdOf(key) }, { for: "useToken", key });
}

function tryAgain(turn: Turn, key: Key): void {
  const last = turn.state.presses[key];
  if (last) {
    const { kind, providerId, provider, providerTeamId, signup, was } = last;
    press(turn, {
      kind,
      providerId,
      provider,
      at: turn.state.now,
      ...(providerTeamId !== undefined && { providerTeamId }),
      ...(signup !== undefined && { signup }),
      ...(was !== undefined && { was }),
    });
    return;
  }
  // The view was reloaded since, and knows only what the agent does.
  const providerId = providerIdOf(key);
  switch (kindOf(key)) {
    case "signIn":
      act(turn, { do: "signIn", providerId, signup: turn.state.mode === "signUp" });
      return;
    case "link":
      act(turn, { do: "link", providerId });
      return;
    case "connect":
      act(turn, { do: "connect", providerId });
  }
}

function cancel(turn: Turn, key: Key): void {
  const attempt = attemptOf(turn.state, key);
  if (attempt) {
    const { attemptId } = attempt;
    request(turn, "codestream/attempt/cancel", { attemptId }, { for: "cancel", attemptId });
    return;
  }
  const press = turn.state.presses[key];
  if (press) set(turn, { presses: { ...turn.state.presses, [key]: { ...press, cancelled: true } } });
}

function confirmed(turn: Turn, asking: Asking): void {
  unset(turn, "asking");
  switch (asking.what) {
    case "unlink":
      unlink(turn, asking.identityId);
      return;
    case "endOthers":
      endSession(turn);
      return;
    case "removeForAll":
      remove(turn, asking.providerId, asking.who, true);
      return;
    case "reconnect":
    case "disconnect":
    case "remove":
      confirmedAbout(turn, asking);
  }
}

type AboutAccount = Extract<Asking, { what: "reconnect" | "disconnect" | "remove" }>;

function confirmedAbout(turn: Turn, { what, providerId, providerTeamId, who }: AboutAccount): void {
  const team = providerTeamId === undefined ? {} : { providerTeamId };
  note(turn, keyOf("connect", providerId), undefined);
  switch (what) {
    case "reconnect":
      act(turn, { do: "connect", providerId, was: who, ...team });
      return;
    case "disconnect":
      request(
        turn,
        "codestream/provider/disconnect",
        { providerId, ...team },
        { for: "disconnect", providerId, who, ...team },
      );
      return;
    case "remove":
      remove(turn, providerId, who, false);
      return;
  }
}

/** `confirmed`: also when others have accounts there. */
function remove(turn: Turn, providerId: string, host: string, confirmed: boolean): void {
  request(
    turn,
    "codestream/provider/remove",
    { providerId, ...(confirmed && { confirmed }) },
    { for: "remove", providerId, host },
  );
}

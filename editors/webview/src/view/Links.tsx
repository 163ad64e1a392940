/** Ways to sign in that are being added, above whatever else is shown: each waits for the person's word. */
import type { Dispatch } from "../driver";
import { linkKeys, shown } from "../select";
import type { Key, State } from "../state";
import { providerIdOf } from "../state/turn";
import { Pressed, Running } from "./Attempt";
import { Ended } from "./Ended";
import { NoteLine } from "./NoteLine";

interface Props {
  state: State;
  dispatch: Dispatch;
}

export function Links({ state, dispatch }: Props) {
  const keys = linkKeys(state);
  if (keys.length === 0) return null;
  return (
    <div class="links">
      {keys.map((key) => (
        <Link key={key} state={state} dispatch={dispatch} keyed={key} />
      ))}
    </div>
  );
}

function Link({ state, dispatch, keyed: key }: Props & { keyed: Key }) {
  const row = state.providers?.find((one) => one.providerId === providerIdOf(key));
  if (!row) return null;
  const now = shown(state, key);
  const props = { state, dispatch, row };
  const running = now.shows === "pressed" || now.shows === "running";
  return (
    <div data-region={key}>
      {now.shows === "pressed" && <Pressed {...props} kind="link" cancelled={now.cancelled} />}
      {now.shows === "running" && <Running {...props} kind="link" attempt={now.attempt} />}
      {now.shows === "ended" && <Ended {...props} attempt={now.attempt} />}
      {!running && <NoteLine {...props} keyed={key} />}
    </div>
  );
}

/** One service: its mark and name, what goes on with it, its accounts or what connecting asks for. */
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import { askedAbout, isRemoving, isWaitingFor, offersAgain, shown, takesSeveral } from "../select";
import { keyOf, type State } from "../state";
import { purpose } from "../text";
import { count } from "../time";
import { AccountRow } from "./Account";
import { Confirm } from "./Confirm";
import { Ended } from "./Ended";
import { NoteLine } from "./NoteLine";
import { Pressed, Running } from "./Attempt";
import { Button, Logo, idOf } from "./parts";
import { Permissions } from "./Permissions";
import { ReAdd, RedirectUrl } from "./Redirect";

interface Props {
  state: State;
  dispatch: Dispatch;
  row: Provider;
}

export function Service(props: Props) {
  const { state, dispatch, row } = props;
  const key = keyOf("connect", row.providerId);
  const now = shown(state, key, row);
  const busy = now.shows === "running" || now.shows === "pressed";
  const connected = row.accounts.length > 0;
  const heading = idOf("service", row.providerId);
  const asking = askedAbout(state, row.providerId);
  return (
    <li class="service" data-region={row.providerId} aria-labelledby={heading}>
      <Logo name={row.name} displayName={row.displayName} />
      <div class="service-body">
        <div class="service-head">
          <h3 id={heading}>{row.displayName}</h3>
          {row.added && <span class="host">{row.host}</span>}
          {!busy && !offersAgain(state, key, now) && <HeadAction {...props} />}
        </div>
        {!busy && <NoteLine {...props} keyed={key} />}
        <ReAdd {...props} />
        {row.accounts.map((account) => (
          <AccountRow
            key={account.providerTeamId ?? account.who}
            state={state}
            dispatch={dispatch}
            row={row}
            account={account}
            busy={busy}
          />
        ))}
        {(asking?.what === "remove" || asking?.what === "removeForAll") && (
          <Confirm dispatch={dispatch} row={row} asking={asking} />
        )}
        {now.shows === "pressed" && <Pressed {...props} kind="connect" cancelled={now.cancelled} />}
        {now.shows === "running" && <Running {...props} kind="connect" attempt={now.attempt} />}
        {now.shows === "ended" && <Ended {...props} attempt={now.attempt} />}
        {!connected && !busy && <Before {...props} />}
      </div>
    </li>
  );
}

function HeadAction({ state, dispatch, row }: Props) {
  if (row.accounts.length === 0 && row.tokenOnly === true) {
    return <UseToken state={state} dispatch={dispatch} row={row} focus="first" />;
  }
  if (row.accounts.length === 0) {
    return (
      <Button
        name="connect"
        focus="first"
        label={`Connect to ${row.displayName}`}
        onPress={() => {
          dispatch({ do: "connect", providerId: row.providerId });
        }}
      >
        Connect
      </Button>
    );
  }
  if (!takesSeveral(row)) return null;
  return (
    <Button
      look="link"
      icon="plus"
      name="another"
      label={`Add another ${row.displayName} workspace`}
      busy={isWaitingFor(state, "useToken", keyOf("connect", row.providerId))}
      onPress={() => {
        dispatch({ do: "connect", providerId: row.providerId });
      }}
    >
      Add another
    </Button>
  );
}

/** Before the browser: where it leads, what is asked for and why, and other ways. */
function Before({ state, dispatch, row }: Props) {
  const name = `before:${row.providerId}`;
  const open = state.open.includes(name);
  const panel = idOf("before", row.providerId);
  // Where a token is the only way, it is no other one.
  const canUseToken = row.canUseToken && row.tokenOnly !== true;
  const more = canUseToken || row.canAddHost === true || row.added === true;
  const redirectUri = row.reAdd === true ? undefined : row.redirectUri;
  return (
    <>
      <p class="purpose">
        {purpose(row)}{" "}
        {(row.scopes.length > 0 || more || redirectUri !== undefined) && (
          <Button
            look="link"
            icon="chevron"
            name="before"
            expanded={open}
            controls={panel}
            label={`${unfold(row)} of ${row.displayName}`}
            onPress={() => {
              dispatch({ do: "toggle", name });
            }}
          >
            {unfold(row)}
          </Button>
        )}
      </p>
      <div id={panel} class="fold" hidden={!open}>
        {open && <Permissions row={row} />}
        {open && redirectUri !== undefined && (
          <RedirectUrl state={state} dispatch={dispatch} row={row} url={redirectUri} />
        )}
        {open && more && (
          <div class="actions">
            {canUseToken && <UseToken state={state} dispatch={dispatch} row={row} />}
            <Hosts state={state} dispatch={dispatch} row={row} />
          </div>
        )}
      </div>
    </>
  );
}

function unfold(row: Provider): string {
  return row.scopes.length > 0 ? count(row.scopes.length, "permission") : "Other ways";
}

function UseToken({ state, dispatch, row, focus }: Props & { focus?: "first" }) {
  const key = keyOf("connect", row.providerId);
  return (
    <Button
      icon="key"
      name="use-token"
      focus={focus}
      label={`Use a token of ${row.displayName}`}
      busy={isWaitingFor(state, "useToken", key)}
      onPress={() => {
        dispatch({ do: "useToken", key });
      }}
    >
      Use a token
    </Button>
  );
}

/** Self-hosted ones: adds one, or removes this one. */
export function Hosts({ state, dispatch, row }: Props) {
  const { providerId, displayName, host } = row;
  return (
    <>
      {row.canAddHost && (
        <Button
          icon="plus"
          name="add-host"
          label={`Add self-hosted ${displayName}`}
          onPress={() => {
            dispatch({ do: "addHost", providerId });
          }}
        >
          Add self-hosted
        </Button>
      )}
      {row.added && (
        <Button
          name="remove"
          label={`Remove ${displayName} at ${host}`}
          busy={isRemoving(state, providerId)}
          onPress={() => {
            dispatch({ do: "ask", asking: { what: "remove", providerId, who: host } });
          }}
        >
          Remove
        </Button>
      )}
    </>
  );
}

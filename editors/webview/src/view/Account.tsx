/** One connected account: who, where, since when, what it may do, and what can be done with it. */
import type { Account } from "../../../../protocol/bindings/Account";
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import { isolated } from "../foreign";
import { askedAbout, isDisconnecting, isWaitingFor } from "../select";
import { detailsName } from "../state/action";
import { keyOf, type State } from "../state";
import { refreshed, since } from "../time";
import { Confirm } from "./Confirm";
import { Icon } from "./icons";
import { Button, CopyButton, Name, idOf } from "./parts";
import { Permissions } from "./Permissions";
import { RedirectUrl } from "./Redirect";
import { Hosts } from "./Service";

interface Props {
  state: State;
  dispatch: Dispatch;
  row: Provider;
  account: Account;
  /** Something is under way with the service. */
  busy: boolean;
}

export function AccountRow(props: Props) {
  const { state, dispatch, row, account, busy } = props;
  const { providerId } = row;
  const team = account.providerTeamId;
  const name = `account:${providerId}:${team ?? ""}`;
  const open = state.open.includes(name);
  const panel = idOf("account", providerId, team);
  const broken = account.error !== undefined;
  const asked = askedAbout(state, providerId);
  const asking =
    (asked?.what === "reconnect" || asked?.what === "disconnect") && asked.providerTeamId === team
      ? asked
      : undefined;
  return (
    <div class="account">
      <div class="account-head">
        <Icon name={broken ? "warning" : "check"} class={broken ? "warning" : "good"} />
        <span class="who">
          <Name text={whoOf(account)} />
        </span>
        {broken && !busy && (
          <Button
            look="primary"
            name={`reconnect:${team ?? ""}`}
            focus="first"
            label={`Reconnect ${whoOf(account)} at ${row.displayName}`}
            busy={isWaitingFor(state, "useToken", keyOf("connect", providerId))}
            onPress={() => {
              dispatch({
                do: "connect",
                providerId,
                was: account.who,
                ...(team !== undefined && { providerTeamId: team }),
              });
            }}
          >
            Reconnect
          </Button>
        )}
        <Button
          look="icon"
          icon="chevron"
          name={`account:${team ?? ""}`}
          focus={broken ? undefined : "first"}
          expanded={open}
          controls={panel}
          label={`Details of ${whoOf(account)} at ${row.displayName}`}
          onPress={() => {
            dispatch({ do: "toggle", name });
          }}
        >
          {null}
        </Button>
      </div>
      {broken && (
        <p class="account-text">{row.displayName} does not accept the access any more. Reconnect to go on.</p>
      )}
      {!broken && !open && !asking && <p class="account-text">{placeOf(props)}</p>}
      <div id={panel} class="fold" hidden={!open && !asking}>
        {open && <Facts {...props} />}
        {asking ? <Confirm dispatch={dispatch} row={row} asking={asking} /> : open && <Verbs {...props} />}
      </div>
    </div>
  );
}

function whoOf(account: Account): string {
  return account.who === "" ? "Connected" : isolated(account.who);
}

/** Where and since when, in one line. */
function placeOf({ state, row, account }: Props): string {
  const began = since(account.since, state.now);
  return began === undefined ? row.host : `${row.host}, since ${began}`;
}

function Facts({ state, dispatch, row, account }: Props) {
  const began = since(account.since, state.now);
  return (
    <>
      <dl class="facts">
        <dt>Host</dt>
        <dd>{row.host}</dd>
        {account.providerTeamId !== undefined && (
          <>
            <dt>Workspace</dt>
            <dd class="id">{account.providerTeamId}</dd>
          </>
        )}
        {began !== undefined && (
          <>
            <dt>Since</dt>
            <dd>{began}</dd>
          </>
        )}
        {account.error === undefined ? (
          <>
            <dt>Next refresh</dt>
            <dd>{refreshed(account.expiresAt, state.now)}</dd>
          </>
        ) : (
          <>
            <dt>Reason</dt>
            <dd>{account.error}</dd>
          </>
        )}
      </dl>
      {row.redirectUri !== undefined && row.reAdd !== true && (
        <RedirectUrl state={state} dispatch={dispatch} row={row} url={row.redirectUri} />
      )}
      {row.scopes.length > 0 && <h4 class="facts-title">Permissions</h4>}
      <Permissions row={row} />
    </>
  );
}

function Verbs({ state, dispatch, row, account, busy }: Props) {
  const { providerId, displayName } = row;
  const team = account.providerTeamId;
  const details = detailsName(keyOf("connect", providerId), team);
  const ask = (what: "reconnect" | "disconnect") => {
    const who = account.who;
    dispatch({
      do: "ask",
      asking: { what, providerId, who, ...(team !== undefined && { providerTeamId: team }) },
    });
  };
  return (
    <div class="actions">
      {account.error === undefined && !busy && (
        <Button
          name={`reconnect:${team ?? ""}`}
          label={`Reconnect ${whoOf(account)} at ${displayName}`}
          busy={isWaitingFor(state, "useToken", keyOf("connect", providerId))}
          onPress={() => {
            ask("reconnect");
          }}
        >
          Reconnect
        </Button>
      )}
      <Button
        name={`disconnect:${team ?? ""}`}
        label={`Disconnect ${whoOf(account)} from ${displayName}`}
        busy={isDisconnecting(state, providerId, team)}
        onPress={() => {
          ask("disconnect");
        }}
      >
        Disconnect
      </Button>
      <CopyButton
        copied={state.copied?.what === details}
        name={`details:${team ?? ""}`}
        label={`Copy details of ${whoOf(account)} at ${displayName}`}
        onPress={() => {
          dispatch({
            do: "copyDetails",
            key: keyOf("connect", providerId),
            ...(team !== undefined && { providerTeamId: team }),
          });
        }}
      >
        Copy details
      </CopyButton>
      <Hosts state={state} dispatch={dispatch} row={row} />
    </div>
  );
}

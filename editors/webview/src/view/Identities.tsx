/** Ways to sign in: which there are, adding one, removing one. */
import type { Identity } from "../../../../protocol/bindings/Identity";
import type { Dispatch } from "../driver";
import { forLink, isUnlinking } from "../select";
import { runs } from "../state/turn";
import { LINK_CHOICES } from "../state/action";
import { keyOf, type State } from "../state";
import { identityText } from "../text";
import { since } from "../time";
import { AccessPart } from "./Access";
import { Question } from "./Confirm";
import { Links } from "./Links";
import { Button, Logo, Name } from "./parts";

interface Props {
  state: State;
  dispatch: Dispatch;
}

export function Identities({ state, dispatch }: Props) {
  const identities = state.access?.identities;
  return (
    <AccessPart
      state={state}
      dispatch={dispatch}
      part="identities"
      title="Ways to sign in"
      listed={identities !== undefined}
    >
      <ul class="list">
        {identities?.map((identity) => (
          <IdentityRow
            key={identity.identityId}
            state={state}
            dispatch={dispatch}
            identity={identity}
            only={identities.length === 1}
          />
        ))}
      </ul>
      <Links state={state} dispatch={dispatch} />
      <Add state={state} dispatch={dispatch} />
    </AccessPart>
  );
}

function IdentityRow(props: Props & { identity: Identity; only: boolean }) {
  const { state, dispatch, identity, only } = props;
  const { identityId, provider, displayName, host, name } = identity;
  const began = identity.since === undefined ? undefined : since(identity.since, state.now);
  const asked = state.asking?.what === "unlink" && state.asking.identityId === identityId;
  const text = identityText(identity);
  return (
    <li class="entry" data-region={`identity:${identityId}`}>
      <Logo name={provider} displayName={displayName} />
      <div class="entry-body">
        <div class="entry-head">
          <span class="entry-name">{displayName}</span>
          {!only && !asked && (
            <Button
              name="unlink"
              label={`Remove ${text} as a way to sign in`}
              busy={isUnlinking(state, identityId)}
              onPress={() => {
                dispatch({ do: "ask", asking: { what: "unlink", identityId } });
              }}
            >
              Remove
            </Button>
          )}
        </div>
        <p>
          {name === undefined || name === "" ? "Your account" : <Name text={name} />}{" "}
          <span class="muted">
            at <Name text={host} />
          </span>
        </p>
        <p class="muted">
          {identity.origin === "signUp" ? "Signed up with this account" : "Added"}
          {began !== undefined && ` · ${began}`}
        </p>
        {only && <p class="muted">This is your only way to sign in. To remove it, add another one first.</p>}
        {asked && (
          <Question dispatch={dispatch} question={`Remove ${text}?`} yes="Remove" no="Keep it">
            It can't sign in as you anymore. If it's connected, it stays connected.
          </Question>
        )}
      </div>
    </li>
  );
}

function Add({ state, dispatch }: Props) {
  const rows = forLink(state).filter((row) => !runs(state, keyOf("link", row.providerId)));
  const open = state.open.includes(LINK_CHOICES);
  if (rows.length === 0) return null;
  return (
    <div class="access-add">
      <Button
        icon="plus"
        name="add-way"
        expanded={open}
        controls="link-choices"
        onPress={() => {
          dispatch({ do: "toggle", name: LINK_CHOICES });
        }}
      >
        Add a way to sign in
      </Button>
      <div class="fold" id="link-choices" hidden={!open}>
        {open && (
          <>
            <p class="muted">Your browser opens. After you approve there, you're asked here to allow it.</p>
            <ul class="list choices">
              {rows.map((row) => (
                <li key={row.providerId} data-region={keyOf("link", row.providerId)}>
                  <button
                    type="button"
                    class="button choice-button"
                    data-key="link"
                    onClick={() => {
                      dispatch({ do: "link", providerId: row.providerId });
                    }}
                  >
                    <Logo name={row.name} displayName={row.displayName} />
                    <span>
                      {row.displayName}
                      {row.added === true && <span class="host"> {row.host}</span>}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </div>
  );
}

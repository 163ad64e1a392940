/** Asks before something that cannot be taken back. */
import type { ComponentChildren } from "preact";
import type { Provider } from "../bridge";
import type { Dispatch } from "../driver";
import { isolated } from "../foreign";
import type { Asking } from "../state";
import { affectedQuestion } from "../text";
import { Button } from "./parts";

interface Words {
  question: string;
  text?: string;
  yes: string;
  no: string;
}

type About = Extract<Asking, { providerId: string }>;

function words(asking: About, { displayName, host, tokenOnly }: Provider): Words {
  const whom = asking.who === "" ? "this account" : isolated(asking.who);
  switch (asking.what) {
    case "reconnect":
      return {
        question: `Reconnect ${whom}?`,
        text: tokenOnly
          ? `Asks for a token. If it is somebody else's, that account takes the place of ${whom}.`
          : `Opens ${host}. If you approve there as somebody else, that account takes the place of ${whom}.`,
        yes: "Reconnect",
        no: `Keep ${whom}`,
      };
    case "disconnect":
      return {
        question: `Disconnect ${whom}?`,
        text: `CodeStream forgets the access in all of your windows, and asks ${displayName} to end it.`,
        yes: "Disconnect",
        no: `Keep ${whom}`,
      };
    case "remove":
      return {
        question: `Remove ${host}?`,
        text: `${displayName} at ${host} leaves the list, with its account.`,
        yes: "Remove",
        no: "Keep it",
      };
    case "removeForAll":
      return { question: affectedQuestion(asking.affected, host), yes: "Remove for everyone", no: "Keep it" };
  }
}

export function Confirm({ dispatch, row, asking }: { dispatch: Dispatch; row: Provider; asking: About }) {
  const { question, text, yes, no } = words(asking, row);
  return (
    <Question dispatch={dispatch} question={question} yes={yes} no={no}>
      {text}
    </Question>
  );
}

export function Question(props: {
  dispatch: Dispatch;
  question: string;
  children?: ComponentChildren;
  yes: string;
  no: string;
}) {
  const { dispatch, question, children, yes, no } = props;
  return (
    <div
      role="group"
      class="card"
      aria-label={question}
      onKeyDown={(event) => {
        if (event.key === "Escape") dispatch({ do: "unask" });
      }}
    >
      <p class="card-title" tabIndex={-1} data-focus="now">
        {question}
      </p>
      {children !== undefined && <p class="card-text">{children}</p>}
      <div class="actions">
        <Button
          look="primary"
          name="yes"
          onPress={() => {
            dispatch({ do: "confirm" });
          }}
        >
          {yes}
        </Button>
        <Button
          name="no"
          onPress={() => {
            dispatch({ do: "unask" });
          }}
        >
          {no}
        </Button>
      </div>
    </div>
  );
}

/** The small pieces that everything is put together from. */
import type { ComponentChildren } from "preact";
import { plain } from "../foreign";
import { logoOf } from "../logos";
import { Icon, Spinner, type IconName } from "./icons";

export interface ButtonProps {
  children: ComponentChildren;
  onPress: () => void;
  look?: "primary" | "secondary" | "link" | "icon";
  icon?: IconName;
  /** When the visible text alone does not say it. */
  label?: string | undefined;
  /** Names it for the way back of the focus. */
  name?: string;
  /** `now` asks for the focus, `first` takes it when nothing else does. */
  focus?: "now" | "first" | undefined;
  /** Under way: it stays where it is and does nothing. */
  busy?: boolean;
  expanded?: boolean;
  controls?: string;
}

export function Button(props: ButtonProps) {
  const { children, onPress, look = "secondary", icon, label, name, focus, busy, expanded, controls } = props;
  return (
    <button
      type="button"
      class={`button ${look === "icon" ? "icon-only" : look}`}
      aria-label={label}
      // Not `disabled`: that would throw the focus away.
      aria-disabled={busy ? "true" : undefined}
      aria-expanded={expanded}
      aria-controls={controls}
      title={look === "icon" ? label : undefined}
      data-key={name}
      data-focus={focus}
      onClick={() => {
        if (!busy) onPress();
      }}
    >
      {busy ? <Spinner /> : icon && <Icon name={icon} class={icon} />}
      {children}
    </button>
  );
}

/** Copies something, and says for a while that it did. */
export function CopyButton({ copied, label, children, ...rest }: ButtonProps & { copied: boolean }) {
  return (
    <Button {...rest} icon={copied ? "check" : "copy"} label={copied ? undefined : label}>
      {copied ? "Copied" : children}
    </Button>
  );
}

export function Logo({ name, displayName }: { name: string; displayName: string }) {
  const file = logoOf(name);
  return file === undefined ? (
    <span class="logo neutral" aria-hidden="true">
      {displayName.slice(0, 1).toUpperCase()}
    </span>
  ) : (
    <img class="logo" src={file} alt="" width="28" height="28" />
  );
}

/** A name that somebody else has chosen: it cannot change the direction of the words around it. */
export function Name({ text }: { text: string }) {
  return <bdi class="name">{plain(text)}</bdi>;
}

/** What the agent or the server worded for a person: names of settings stand between backticks. */
export function Words({ text }: { text: string }) {
  return (
    <>
      {text
        .split(/`([^`]+)`/)
        .map((part, place) => (place % 2 === 1 ? <code key={place}>{part}</code> : part))}
    </>
  );
}

export type Tone = "good" | "quiet" | "warning" | "bad";

const ICON_OF: Record<Tone, IconName> = { good: "check", quiet: "info", warning: "warning", bad: "error" };

/** A message with its tone, and what can be done about it. */
export function Message(props: {
  tone: Tone;
  title?: ComponentChildren;
  children?: ComponentChildren;
  actions?: ComponentChildren;
  onClose?: () => void;
}) {
  const { tone, title, children, actions, onClose } = props;
  return (
    <div class={`message ${tone}`}>
      <Icon name={ICON_OF[tone]} class="message-icon" />
      <div class="message-body">
        {title !== undefined && <p class="message-title">{title}</p>}
        {children !== undefined && (
          <p class="message-text">{typeof children === "string" ? <Words text={children} /> : children}</p>
        )}
      </div>
      {onClose && (
        <Button look="icon" icon="close" label="Close this message" name="close" onPress={onClose}>
          {null}
        </Button>
      )}
      {actions !== undefined && actions !== false && <div class="actions">{actions}</div>}
    </div>
  );
}

/** An element's id that is safe in `aria-` references. */
export function idOf(...parts: (string | undefined)[]): string {
  return parts.map((part) => (part ?? "").replace(/[^A-Za-z0-9]/g, "-")).join("_");
}

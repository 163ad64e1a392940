/** Small marks in the colour of the text; decoration, never the only sign of something. */
import type { ComponentChildren } from "preact";

const PATHS = {
  check: <path d="M3 8.5 6.5 12 13 4.5" />,
  warning: (
    <>
      <path d="M8 2.2 14.5 13.5h-13z" />
      <path d="M8 6.5v3.2M8 11.6v.1" />
    </>
  ),
  error: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.8v3.8M8 11v.1" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 7.4v3.8M8 5v.1" />
    </>
  ),
  chevron: <path d="m4.5 6.2 3.5 3.6 3.5-3.6" />,
  external: (
    <path d="M9.5 2.5h4v4M13.5 2.5 7.5 8.5M11.5 9.5v3a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1h3" />
  ),
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1" />
      <path d="M10.5 3.5v-1h-8v8h1" />
    </>
  ),
  key: (
    <>
      <circle cx="5" cy="11" r="2.5" />
      <path d="m6.8 9.2 6.2-6.2M10.5 5.5l2 2" />
    </>
  ),
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  plus: <path d="M8 3v10M3 8h10" />,
  dot: <circle cx="8" cy="8" r="2" />,
  offline: <path d="M2.5 6.5a8 8 0 0 1 11 0M4.8 9a4.8 4.8 0 0 1 6.4 0M8 12v.1M3 13.5 13 2.5" />,
  back: <path d="M9.8 3.5 5.2 8l4.6 4.5" />,
  window: (
    <>
      <rect x="2" y="3" width="12" height="8.5" rx="1" />
      <path d="M5.5 14h5" />
    </>
  ),
  gear: (
    <>
      <circle cx="8" cy="8" r="2.2" />
      <path d="M8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4M12.4 3.6 11 5M5 11l-1.4 1.4" />
    </>
  ),
} satisfies Record<string, ComponentChildren>;

export type IconName = keyof typeof PATHS;

export function Icon({ name, class: extra = "" }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon ${extra}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {PATHS[name]}
    </svg>
  );
}

export function Spinner() {
  return (
    <svg class="icon spinner" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <circle class="spinner-track" cx="8" cy="8" r="6" />
      <path d="M8 2a6 6 0 0 1 6 6" />
    </svg>
  );
}

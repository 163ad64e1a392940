/** The host's theme: which kind it is, as `data-theme` on the root, and what variables it sends. */
import type { ThemeKind } from "./bridge";

const OF_CLASS: [string, ThemeKind][] = [
  ["vscode-high-contrast-light", "highContrastLight"],
  ["vscode-high-contrast", "highContrast"],
  ["vscode-light", "light"],
  ["vscode-dark", "dark"],
];

export function apply(root: HTMLElement, kind: ThemeKind, variables: Record<string, string>): void {
  root.dataset["theme"] = kind;
  for (const [name, value] of Object.entries(variables)) {
    if (name.startsWith("--")) root.style.setProperty(name, value);
  }
}

/** VS Code says it by a class of the body, and changes that while the view lives. */
export function follow(body: HTMLElement, root: HTMLElement): void {
  const look = () => {
    const found = OF_CLASS.find(([name]) => body.classList.contains(name));
    if (found) root.dataset["theme"] = found[1];
  };
  look();
  new MutationObserver(look).observe(body, { attributes: true, attributeFilter: ["class"] });
}

/**
 * The status bar item. What it says is in `statusText`.
 */
import { type Disposable, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from "vscode";
import type { Model } from "./model";
import { statusText } from "./statusText";

export class StatusBar implements Disposable {
  readonly #item: StatusBarItem;

  constructor() {
    this.#item = window.createStatusBarItem("codestream.status", StatusBarAlignment.Left);
    this.#item.name = "CodeStream";
    this.#item.command = "codestream.show";
    this.#item.show();
  }

  show(model: Model): void {
    const { text, tooltip, warning } = statusText(model);
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.backgroundColor = warning ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    // Icons are not read out.
    this.#item.accessibilityInformation = { label: `CodeStream: ${tooltip}` };
  }

  dispose(): void {
    this.#item.dispose();
  }
}

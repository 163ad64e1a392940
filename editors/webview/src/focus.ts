/**
 * Where the keyboard focus is.
 *
 * A region (`data-region`) keeps the focus while what is in it changes. When the focused element goes away, the focus goes,
 * inside its region and wherever the region now is, to what asks for it (`data-focus="now"`), else back to what was
 * pressed before (`data-key`), else to the first thing to do (`data-focus="first"`).
 */
export class FocusKeeper {
  private last: Element | undefined;
  private region: string | undefined;
  /** Keys of what was pressed, the latest first. */
  private trail: string[] = [];

  constructor(private readonly document: Document) {
    document.addEventListener("focusin", ({ target }) => {
      if (!(target instanceof HTMLElement)) return;
      this.last = target;
      this.region = target.closest<HTMLElement>("[data-region]")?.dataset["region"];
    });
    const pressed = ({ target }: Event) => {
      const key = target instanceof Element && target.closest<HTMLElement>("[data-key]")?.dataset["key"];
      if (key) this.trail = [key, ...this.trail.filter((older) => older !== key)].slice(0, 8);
    };
    // Before the press has changed the page.
    document.addEventListener("click", pressed, { capture: true });
    // A pointer chooses a place of its own: to scroll away under it would lose the press that brings the window back.
    document.addEventListener("pointerdown", () => (this.last = undefined), { capture: true });
    // While another window has the focus nothing is taken from it; whoever comes back finds the place again.
    document.defaultView?.addEventListener("focus", () => {
      this.restore();
    });
  }

  /** After a change of the page. A focus that the person took away is not brought back. */
  restore(): void {
    if (!this.document.hasFocus() || this.last === undefined || this.last.isConnected) return;
    this.last = undefined;
    this.focus(this.region);
  }

  /** Into a region; without one, or where there is none such, into the page. */
  focus(region?: string): void {
    const found =
      region === undefined ? null : this.document.querySelector(`[data-region="${CSS.escape(region)}"]`);
    const inside = found ?? this.document;
    const candidates = [
      '[data-focus="now"]',
      ...(found ? this.trail.map((key) => `[data-key="${CSS.escape(key)}"]`) : []),
      '[data-focus="first"]',
    ];
    for (const candidate of candidates) {
      const target = inside.querySelector<HTMLElement>(candidate);
      if (target) {
        target.focus();
        target.scrollIntoView({ block: "nearest" });
        return;
      }
    }
  }
}

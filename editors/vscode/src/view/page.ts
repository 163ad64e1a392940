/**
 * The built view's page as VS Code's frame needs it: another base address, and the origin that the files come from. Pure.
 */

/** `base` ends in `/`; `source` is what stands for the page's own files in a content security policy. */
export function page(html: string, base: string, source: string): string {
  const moved = replaced(html, /<base href="[^"]*"/, `<base href="${base}"`);
  return replaced(moved, /'self'/g, source);
}

function replaced(html: string, what: RegExp, by: string): string {
  if (html.search(what) < 0)
    throw new Error(`The view's page has no ${what.source}: it was built for another extension.`);
  return html.replace(what, () => by);
}

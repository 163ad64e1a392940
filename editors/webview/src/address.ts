/** Addresses of servers and proxies, as people type them. Pure. */

/**
 * Without what may be a name and a password. What was typed need not be an address; and a password may hold an `@` and a `/`,
 * so that all before the last `@` is taken away.
 */
export function withoutUser(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, "$1");
}

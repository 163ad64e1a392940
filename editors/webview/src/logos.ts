/** Marks of services: one file of the folder per lower-case name. A service without one gets a neutral mark. */
const files = import.meta.glob<string>("./logos/*.svg", { query: "?url", import: "default", eager: true });

/** The mark's address; a kind of a service (`name_kind`) has that of the service. */
export function logoOf(name: string): string | undefined {
  return files[`./logos/${name}.svg`] ?? files[`./logos/${name.replace(/_.*$/, "")}.svg`];
}

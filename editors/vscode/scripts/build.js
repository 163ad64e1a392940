// Bundles the extension into one file, so that it is packaged without `node_modules`, and collects the licences of what is in it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const here = join(import.meta.dirname, "..");
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.cjs",
  bundle: true,
  platform: "node",
  format: "cjs",
  // The oldest VS Code that the manifest allows runs extensions on this.
  target: "node20",
  external: ["vscode"],
  minify: true,
  metafile: true,
  logLevel: "warning",
});

const bundled = Object.keys(metafile.inputs).flatMap(
  (path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
);
const notices = [...new Set(bundled)].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
  return `${name} ${version} (${license})\n\n${licenceText(folder)}`;
});
writeFileSync(join(here, "dist/NOTICES.txt"), notices.join(`\n\n${"-".repeat(80)}\n\n`));

function licenceText(folder) {
  for (const name of ["LICENSE", "LICENSE.md", "LICENSE.txt", "License.txt"]) {
    try {
      return readFileSync(join(here, folder, name), "utf8").trim();
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  throw new Error(`${folder} has no licence to pass on.`);
}

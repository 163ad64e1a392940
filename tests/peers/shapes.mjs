// Values against the protocol's TypeScript types, by the TypeScript compiler itself.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const bindings = fileURLToPath(new URL('../../protocol/bindings/', import.meta.url));
const virtual = `${bindings}values.ts`;
const options = {
  noEmit: true,
  strict: true,
  // An optional field is left out, and never `undefined` or null.
  exactOptionalPropertyTypes: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: [],
  lib: ['lib.es5.d.ts'],
};

/**
 * What the compiler says about `const value: Type = <the JSON>;` for each `{type, value}`; a literal may hold no field that the
 * type does not name. `type` is a file of `protocol/bindings`, or `Empty` for `{}`.
 */
export function mismatches(values) {
  const types = [...new Set(values.map(({ type }) => type))].filter((type) => type !== 'Empty');
  const text = [
    'type Empty = Record<string, never>;',
    ...types.map((type) => `import type { ${type} } from './${type}';`),
    ...values.map(({ type, value }, n) => `export const value${n}: ${type} = ${JSON.stringify(value)};`),
  ].join('\n');
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, language) =>
    name === virtual ? ts.createSourceFile(name, text, language) : read(name, language);
  const exists = host.fileExists.bind(host);
  host.fileExists = (name) => name === virtual || exists(name);
  const program = ts.createProgram([virtual], options, host);
  const file = program.getSourceFile(virtual);
  const lines = text.split('\n');
  // Of this one file: checking the library would take seconds.
  const found = [...program.getOptionsDiagnostics(), ...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  return found.map(({ start, messageText }) => ({
    message: ts.flattenDiagnosticMessageText(messageText, ' '),
    line: start === undefined ? null : lines[file.getLineAndCharacterOfPosition(start).line],
  }));
}

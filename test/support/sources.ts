import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** The repository's own folder. */
export const ROOT = join(import.meta.dirname, '../..');

/** A file of this repository: its path from the root, with `/`, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** What breaks a rule, and where. */
export interface Breach {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

/** Paths from the root that fit, in order; never what was installed or made. */
export const filesThatFit = (pattern: string | readonly string[]): readonly string[] =>
  globSync(pattern, { cwd: ROOT, exclude: ['node_modules/**', '**/node_modules/**', '.git/**', '.data/**'] })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();

export const readSources = (pattern: string | readonly string[]): readonly Source[] =>
  filesThatFit(pattern).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** The text with comments blanked out, so that lines keep their numbers. Strings stay as they are. */
export function withoutComments(text: string): string {
  const stringOrComment =
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[^]|[^`\\])*`|\/\/[^\n]*|\/\*[^]*?\*\/|\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*(?=[.,;)\s])/g;
  return text.replaceAll(stringOrComment, (found) =>
    found.startsWith('//') || found.startsWith('/*') ? found.replaceAll(/[^\n]/g, ' ') : found,
  );
}

/** Every place in the code (not in comments) that fits, told as breaches. */
export function findInCode(source: Source, pattern: RegExp, what: string): readonly Breach[] {
  const code = withoutComments(source.text);
  return [...code.matchAll(new RegExp(pattern, `${pattern.flags.replace('g', '')}g`))].map((match) => ({
    path: source.path,
    line: lineAt(code, match.index),
    what,
  }));
}

export interface Import {
  readonly line: number;
  /** As it is written. */
  readonly specifier: string;
  /** The path from the root that a relative specifier leads to; undefined for a package. */
  readonly target: string | undefined;
  /** `export … from`: what is imported is handed on. */
  readonly handedOn: boolean;
}

/** The imports of a file: `import … from`, `import '…'`, `export … from`, and `import('…')` of a literal. */
export function importsOf(source: Source): readonly Import[] {
  const code = withoutComments(source.text);
  const statement =
    /^[ \t]*(import|export)\s(?:[\w*{][^'"`;]*?\sfrom\s*)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/gm;
  return [...code.matchAll(statement)].map((match) => {
    const specifier = match[2] ?? match[3] ?? '';
    return {
      line: lineAt(code, match.index + match[0].indexOf(match[1] ?? 'import')),
      specifier,
      target: specifier.startsWith('.') ? posix.join(dirname(source.path), specifier) : undefined,
      handedOn: match[1] === 'export',
    };
  });
}

/** Breaches as the lines of a failed assertion. */
export const listed = (breaches: readonly Breach[]): string =>
  breaches.map(({ path, line, what }) => `\n  ${path}:${line} ${what}`).join('');

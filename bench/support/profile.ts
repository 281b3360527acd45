import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Profile } from './served.ts';

const TOP = 25;
const root = new URL('../../', import.meta.url);

/** Writes a profile into a folder, for tools that show one, and prints where the time went. */
export function keepProfile(folder: string, name: string, profile: Profile): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name.replaceAll(/[^\w]+/g, '-')}.cpuprofile`);
  writeFileSync(file, JSON.stringify(profile));
  process.stdout.write(`${name}\n${topLines(profile)}\nwritten to ${file}\n\n`);
}

/**
 * Where the time of a profile went: by the part of the program, and the lines with most of it. Time in which nothing was done is left
 * out; `(program)` is what the machine did below JavaScript: system calls, and the code of Node that is not JavaScript.
 */
function topLines(profile: Profile): string {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const parts = new Map<string, number>();
  const lines = new Map<string, number>();
  let all = 0;
  for (const [place, id] of (profile.samples ?? []).entries()) {
    const frame = byId.get(id)?.callFrame;
    const took = profile.timeDeltas?.[place] ?? 0;
    // Asking for the profile is no work of the server's.
    if (frame === undefined || frame.functionName === '(idle)' || frame.url === 'node:inspector') continue;
    all += took;
    const { functionName, url, lineNumber } = frame;
    const where = placeOf(url);
    const line = `${functionName === '' ? '(anonymous)' : functionName}${where === '' ? '' : ` ${where}:${lineNumber + 1}`}`;
    const part = partOf(where, functionName);
    parts.set(part, (parts.get(part) ?? 0) + took);
    lines.set(line, (lines.get(line) ?? 0) + took);
  }
  const listed = (of: ReadonlyMap<string, number>, most: number): readonly string[] =>
    [...of]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, most)
      .map(([name, took]) => `  ${((took / Math.max(1, all)) * 100).toFixed(1).padStart(5)} %  ${name}`);
  return ['Where the time goes, by part:', ...listed(parts, TOP), '', 'by line:', ...listed(lines, TOP)].join('\n');
}

function placeOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  return relative(fileURLToPath(root), fileURLToPath(url));
}

function partOf(where: string, functionName: string): string {
  if (where === '') return functionName.startsWith('(') ? functionName : 'functions of Node below JavaScript';
  if (where.startsWith('node:')) return where.replace(/^node:(internal\/)?/, 'node:').replace(/\/.*/, '');
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(where) ?? [];
  return name === undefined ? where : `package ${name}`;
}

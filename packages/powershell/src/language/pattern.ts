import { MAX_PATTERN_SIZE } from '../limits.ts';
import { type CharTest, type Edge, parsePattern, type PatternNode } from './pattern-parse.ts';
import { runtimeError } from './script-error.ts';

/** Where a pattern matches. */
export interface PatternMatch {
  readonly start: number;
  readonly end: number;
  /** The whole, then each group; undefined: the group took no part. */
  readonly groups: readonly (string | undefined)[];
}

export interface Pattern {
  /** Names of the groups from 1 on; undefined: it has only its number. */
  readonly names: readonly (string | undefined)[];
  /** The first match from there on. `spend` is told of the work and may end it by throwing. */
  find(text: string, from: number, spend: (steps: number) => void): PatternMatch | undefined;
}

type Instruction =
  | { readonly kind: 'char'; readonly test: CharTest }
  | { readonly kind: 'edge'; readonly edge: Edge }
  | { readonly kind: 'save'; readonly slot: number }
  | { kind: 'split'; first: number; second: number }
  | { kind: 'jump'; to: number }
  | { readonly kind: 'match' };

/**
 * A regular expression whose matching takes time in proportion to text times pattern, whatever
 * they are: all ways are followed at once, one character after the other (R. Pike's machine).
 * Throws CommandFailure for a pattern that is none.
 */
export function compilePattern(text: string, { matchCase = false } = {}): Pattern {
  const { root, names } = parsePattern(text, matchCase);
  const program: Instruction[] = [];
  emit(program, { kind: 'group', index: 0, inner: root });
  add(program, { kind: 'match' });
  return { names, find: (subject, from, spend) => run(program, { subject, from, spend }) };
}

function add<T extends Instruction>(program: Instruction[], instruction: T): T {
  if (program.length >= MAX_PATTERN_SIZE) {
    throw runtimeError('The regular expression is too large.', 'InvalidRegularExpression');
  }
  program.push(instruction);
  return instruction;
}

function emit(program: Instruction[], node: PatternNode): void {
  switch (node.kind) {
    case 'char':
    case 'edge':
      add(program, node);
      return;
    case 'sequence':
      for (const part of node.parts) emit(program, part);
      return;
    case 'group':
      add(program, { kind: 'save', slot: node.index * 2 });
      emit(program, node.inner);
      add(program, { kind: 'save', slot: node.index * 2 + 1 });
      return;
    case 'choice':
      emitChoice(program, node.ways);
      return;
    case 'repeat':
      emitRepeat(program, node);
      return;
  }
}

function emitChoice(program: Instruction[], ways: readonly PatternNode[]): void {
  const jumps: { to: number }[] = [];
  ways.forEach((way, i) => {
    if (i === ways.length - 1) {
      emit(program, way);
      return;
    }
    const split = add(program, { kind: 'split', first: program.length + 1, second: 0 });
    emit(program, way);
    jumps.push(add(program, { kind: 'jump', to: 0 }));
    split.second = program.length;
  });
  for (const jump of jumps) jump.to = program.length;
}

function emitRepeat(
  program: Instruction[],
  { inner, least, most, isLazy }: Extract<PatternNode, { kind: 'repeat' }>,
): void {
  for (let i = 0; i < least; i += 1) emit(program, inner);
  const optional = (): (() => void) => {
    const split = add(program, { kind: 'split', first: 0, second: 0 });
    const next = program.length;
    return () => {
      split.first = isLazy ? program.length : next;
      split.second = isLazy ? next : program.length;
    };
  };
  if (most === Infinity) {
    const start = program.length;
    const close = optional();
    emit(program, inner);
    add(program, { kind: 'jump', to: start });
    close();
    return;
  }
  const closes: (() => void)[] = [];
  for (let i = least; i < most; i += 1) {
    closes.push(optional());
    emit(program, inner);
  }
  for (const close of closes) close();
}

interface Search {
  readonly subject: string;
  readonly from: number;
  readonly spend: (steps: number) => void;
}

/** One way through the pattern: where it is, and what its groups took. */
interface Thread {
  readonly at: number;
  readonly saved: readonly number[];
}

/** Following so many ways by one character costs a step. */
const WAYS_PER_STEP = 16;

function run(program: readonly Instruction[], search: Search): PatternMatch | undefined {
  const { subject, from, spend } = search;
  let threads: Thread[] = [];
  let found: readonly number[] | undefined;
  for (let position = from; position <= subject.length; position += 1) {
    const seen = new Set(threads.map(({ at }) => at));
    if (found === undefined)
      follow(program, subject, { at: 0, saved: [] }, position, threads, seen);
    if (threads.length === 0 && found !== undefined) break;
    spend((threads.length + 1) / WAYS_PER_STEP);
    const next: Thread[] = [];
    const nextSeen = new Set<number>();
    for (const thread of threads) {
      const instruction = program[thread.at];
      if (instruction?.kind === 'match') {
        // Those behind it in the line are worse ways.
        found = thread.saved;
        break;
      }
      if (instruction?.kind !== 'char' || position === subject.length) continue;
      if (!instruction.test(subject.charAt(position))) continue;
      const on = { at: thread.at + 1, saved: thread.saved };
      follow(program, subject, on, position + 1, next, nextSeen);
    }
    threads = next;
  }
  return found === undefined ? undefined : matchOf(subject, found);
}

/** Adds a thread, going over all that takes no character; the better way comes first. */
function follow(
  program: readonly Instruction[],
  subject: string,
  first: Thread,
  position: number,
  threads: Thread[],
  seen: Set<number>,
): void {
  const waiting = [first];
  for (let thread = waiting.pop(); thread !== undefined; thread = waiting.pop()) {
    const { at, saved } = thread;
    if (seen.has(at)) continue;
    seen.add(at);
    const instruction = program[at];
    if (instruction === undefined) continue;
    switch (instruction.kind) {
      case 'jump':
        waiting.push({ at: instruction.to, saved });
        break;
      case 'split':
        waiting.push({ at: instruction.second, saved }, { at: instruction.first, saved });
        break;
      case 'save':
        waiting.push({ at: at + 1, saved: replaced(saved, instruction.slot, position) });
        break;
      case 'edge':
        if (isEdge(instruction.edge, subject, position)) waiting.push({ at: at + 1, saved });
        break;
      case 'char':
      case 'match':
        threads.push(thread);
    }
  }
}

function replaced(saved: readonly number[], slot: number, position: number): number[] {
  const copy = [...saved];
  while (copy.length <= slot) copy.push(-1);
  copy[slot] = position;
  return copy;
}

function isEdge(edge: Edge, subject: string, position: number): boolean {
  switch (edge) {
    case 'start':
      return position === 0;
    case 'end':
      return position === subject.length;
    case 'last-line':
      return (
        position === subject.length ||
        (position === subject.length - 1 && subject.charAt(position) === '\n')
      );
    case 'word':
    case 'not-word': {
      const before = isWord(subject.charAt(position - 1));
      const isBetween = before !== isWord(subject.charAt(position));
      return isBetween === (edge === 'word');
    }
  }
}

function isWord(char: string): boolean {
  return char !== '' && /[\p{L}\p{Mn}\p{Nd}\p{Pc}]/u.test(char);
}

function matchOf(subject: string, saved: readonly number[]): PatternMatch {
  const groups: (string | undefined)[] = [];
  for (let slot = 0; slot < saved.length; slot += 2) {
    const start = saved[slot] ?? -1;
    const end = saved[slot + 1] ?? -1;
    groups.push(start < 0 || end < 0 ? undefined : subject.slice(start, end));
  }
  return { start: saved[0] ?? 0, end: saved[1] ?? 0, groups };
}

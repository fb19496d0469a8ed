import { RemotingError } from '../errors.ts';
import { MAX_COMMAND_LINE } from '../limits.ts';

/** One command of a line for cmd.exe, and when it runs. */
export interface LineStep {
  /** As it was written, without what redirects: `echo` puts out its spaces too. */
  readonly text: string;
  /** By how the command before it ended. */
  readonly when: 'always' | 'succeeded' | 'failed';
  /** `>&2`: what it puts out are errors. */
  readonly outputTo: 'stdout' | 'stderr' | 'nowhere';
  /** `2>&1`: its errors are output. */
  readonly errorsTo: 'stdout' | 'stderr' | 'nowhere';
}

const OPERATORS = [
  ['&&', 'succeeded'],
  ['||', 'failed'],
  ['&', 'always'],
] as const;

const REDIRECTIONS: readonly (readonly [RegExp, Partial<LineStep>])[] = [
  [/^1?>&2/u, { outputTo: 'stderr' }],
  [/^2>&1/u, { errorsTo: 'stdout' }],
  [/^1?>>? ?nul(?![\w.])/iu, { outputTo: 'nowhere' }],
  [/^2>>? ?nul(?![\w.])/iu, { errorsTo: 'nowhere' }],
];

/**
 * The commands of a line, as cmd.exe takes it apart: `&`, `&&` and `||` between commands, `"` and
 * `^` around what stands for itself, streams into one another. Throws RemotingError `unsupported`
 * for pipes and files, which a typed command has none of.
 */
export function parseCommandLine(line: string): LineStep[] {
  if (line.length > MAX_COMMAND_LINE) {
    throw new RemotingError('limit', `a command line has ${MAX_COMMAND_LINE} characters at most`);
  }
  const steps: LineStep[] = [];
  let step = emptyStep('always');
  let isQuoted = false;
  for (let at = 0; at < line.length; ) {
    const rest = line.slice(at, at + LOOK);
    const special = isQuoted ? undefined : specialAt(rest, step.text);
    if (special === undefined) {
      const [char = ''] = rest;
      if (char === '"') isQuoted = !isQuoted;
      const isEscape = char === '^' && !isQuoted;
      step = { ...step, text: step.text + (isEscape ? (rest[1] ?? '') : char) };
      at += isEscape ? 2 : 1;
    } else {
      at += special.length;
      if (special.when === undefined) step = { ...step, ...special.redirection };
      else {
        steps.push(step);
        step = emptyStep(special.when);
      }
    }
  }
  return [...steps, step].map((one) => ({ ...one, text: one.text.replace(/^[\s@]+/u, '') }));
}

/** Characters that the longest redirection has. */
const LOOK = 8;

interface Special {
  readonly length: number;
  readonly when?: LineStep['when'];
  readonly redirection?: Partial<LineStep>;
}

/** What is no text here; undefined: it is. */
function specialAt(rest: string, before: string): Special | undefined {
  // A digit belongs to a redirection where it stands alone.
  const isWord = /[\w.-]$/u.test(before) && /^\d/u.test(rest);
  for (const [pattern, redirection] of isWord ? [] : REDIRECTIONS) {
    const found = pattern.exec(rest);
    if (found !== null) return { length: found[0].length, redirection };
  }
  for (const [operator, when] of OPERATORS) {
    if (rest.startsWith(operator)) return { length: operator.length, when };
  }
  if (!/^[<>|]/u.test(rest)) return undefined;
  const message = `${rest.slice(0, 1)}: command lines here have no pipes and no files to write to`;
  throw new RemotingError('unsupported', message);
}

function emptyStep(when: LineStep['when']): LineStep {
  return { text: '', when, outputTo: 'stdout', errorsTo: 'stderr' };
}

/** `%NAME%` as the environment has it; what it does not have stays as it is. */
export function expandVariables(
  line: string,
  variable: (name: string) => string | undefined,
): string {
  return line.replace(/%([^%\s]{1,255})%/gu, (whole, name: string) => variable(name) ?? whole);
}

/** Words of a program's arguments: spaces part them, `"` joins. */
export function wordsOf(text: string): string[] {
  const words = text.match(/(?:"[^"]*(?:"|$)|[^\s"])+/gu) ?? [];
  return words.map((word) => word.replaceAll('"', ''));
}

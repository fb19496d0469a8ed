// Style rules that look at the text of one file. Each names the files it is for and the pattern
// that must not be there; some files are let off, each with its reason.
import { codeOnly, commentsOnly } from './blank.ts';
import { isLibrarySource, isSource, isText, isTypeScript } from './work-tree.ts';

export interface TextRule {
  /** What is asked for, as the violation says it. */
  readonly rule: string;
  readonly appliesTo: (path: string) => boolean;
  /** The part of a file that is searched. */
  readonly part: 'code' | 'comments' | 'all';
  readonly forbidden: RegExp;
  /** Files let off, and why. */
  readonly except?: Readonly<Record<string, string>>;
  /** Whether files marked as tables are let off. */
  readonly tablesMay?: boolean;
  /** Lines that break the rule, and lines that look like it but do not. */
  readonly breaks: readonly string[];
  readonly keeps: readonly string[];
}

/** A file whose long lines are data says so in a comment with this mark. */
export const TABLE_MARK = 'tidy: table';

export const MAX_LINE = 100;

/** Written apart here, so that this file does not break its own rules. */
const join = (...parts: readonly string[]): string => parts.join('');

export const textRules: readonly TextRule[] = [
  {
    rule: 'a library is handed its clock, randomness and settings',
    appliesTo: isLibrarySource,
    part: 'code',
    forbidden: /\bDate\.now\b|\bMath\.random\b|\bnew Date\(\s*\)|\bprocess\.env\b/u,
    breaks: ['const now = Date.now();', 'new Date()', 'process.env.HOME', 'Math.random()'],
    keeps: ['new Date(at)', '// Date.now() is not for libraries', "'Date.now'"],
  },
  {
    rule: 'a library prints nothing',
    appliesTo: isLibrarySource,
    part: 'code',
    forbidden: /\bconsole\s*\.|\bprocess\.std(?:out|err)\b/u,
    breaks: ['console.log(1)', 'process.stderr.write(text)'],
    keeps: ['myconsole.log(1)', '// console.log'],
  },
  {
    rule: 'no state outlives a call at module level',
    appliesTo: isLibrarySource,
    part: 'code',
    forbidden:
      /^(?:export\s+)?(?:(?:let|var)\s|const [^=\n]+= new (?:Weak)?(?:Map|Set)(?:<.*>)?\(\))/mu,
    breaks: ['let count = 0;', 'export let cache;', 'const seen = new Map<string, number>();'],
    keeps: ['  let inside = 0;', 'const names = new Map([[1, 2]]);', 'letter();'],
  },
  {
    rule: 'ciphers and HMACs with raw keys are made in the crypto package alone',
    appliesTo: (path) => isLibrarySource(path) && !path.startsWith('packages/crypto/'),
    part: 'code',
    forbidden: /\bcreate(?:Hmac|Cipheriv|Decipheriv)\b/u,
    breaks: ["createHmac('sha1', key)", 'createDecipheriv(name, key, iv)'],
    keeps: ["createHash('sha1')"],
  },
  {
    rule: 'every test runs, or says at run time why it cannot: context.skip(reason)',
    appliesTo: (path) => path.endsWith('.test.ts'),
    part: 'code',
    forbidden:
      /\b(?:test|it|describe|suite|bench)\.(?:only|skip|todo|skipIf|runIf|fails)\b|\.skip\(\s*\)/u,
    breaks: ['test.only(name)', 'describe.skip(name)', 'it.todo(name)', 'ctx.skip()'],
    keeps: ['ctx.skip(reason)', 'ctx.skip(!there, reason)', 'test.for(rows)(name, body)'],
  },
  {
    rule: 'finished work: no notes to oneself',
    appliesTo: isSource,
    part: 'all',
    forbidden: new RegExp(join('\\b(?:TO', 'DO|FIX', 'ME|X', 'XX|HA', 'CK)\\b'), 'u'),
    breaks: [join('// TO', 'DO later'), join('# FIX', 'ME'), join('// X', 'XX')],
    keeps: ['// written %XXXX', 'todoList'],
  },
  {
    rule: 'the compiler is not told to look away',
    appliesTo: isTypeScript,
    part: 'comments',
    forbidden: new RegExp(join('@ts-(?:ig', 'nore|expect-er', 'ror|noch', 'eck)'), 'u'),
    breaks: [join('// @ts-ig', 'nore'), join('// @ts-expect-er', 'ror why')],
    keeps: ["'@ts-' + name"],
  },
  {
    rule: 'no barrels: a file is imported by its own name',
    appliesTo: (path) => /^packages\/[^/]+\/src\//u.test(path),
    part: 'code',
    forbidden: /^export \* /mu,
    breaks: ["export * from './key.ts';"],
    keeps: ["export { Key } from './key.ts';"],
  },
  {
    rule: 'the project speaks of itself alone',
    appliesTo: isText,
    part: 'all',
    forbidden: new RegExp(
      [
        join('/wo', 'rk/(?:main|shared|\\.)'),
        join('/tmp/br', 'ief'),
        join('\\bsession no', 'tes?\\b'),
        join('\\b(?:sub)?ag', 'ents? (?:session|brief)'),
      ].join('|'),
      'iu',
    ),
    breaks: [join('see /wo', 'rk/main/README.md'), join('the session no', 'te says')],
    keeps: ['https://example.com/work/item', 'a logon session', '/workspace/main'],
  },
  {
    rule: `lines have at most ${MAX_LINE} characters`,
    appliesTo: (path) => isSource(path) && !path.includes('/vectors/'),
    part: 'all',
    tablesMay: true,
    forbidden: new RegExp(`^.{${MAX_LINE + 1},}$`, 'mu'),
    breaks: ['x'.repeat(MAX_LINE + 1), '🔑'.repeat(MAX_LINE + 1)],
    keeps: ['x'.repeat(MAX_LINE), '🔑'.repeat(MAX_LINE)],
  },
];

/** `path:line: rule` for each place in the file that breaks the rule. */
export function violations(rule: TextRule, path: string, text: string): string[] {
  const isTable = rule.tablesMay === true && text.includes(TABLE_MARK);
  if (isTable || rule.except?.[path] !== undefined || !rule.appliesTo(path)) {
    return [];
  }
  const global = new RegExp(rule.forbidden.source, `${rule.forbidden.flags}g`);
  return [...partOf(rule, path, text).matchAll(global)].map(({ index }) => {
    const line = text.slice(0, index).split('\n').length;
    return `${path}:${line}: ${rule.rule}`;
  });
}

function partOf(rule: TextRule, path: string, text: string): string {
  if (rule.part === 'all' || !isTypeScript(path)) {
    return text;
  }
  return rule.part === 'code' ? codeOnly(text) : commentsOnly(text);
}

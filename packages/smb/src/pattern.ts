/**
 * Whether a name matches a pattern (MS-FSCC 2.1.4.4), whatever the case: `*` and `?`, and `<`, `>`
 * and `"`, into which Windows' clients turn them for DOS's rules. Takes time of the product of both
 * lengths at most.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === '') return true;
  const wanted = pattern.toUpperCase();
  const text = name.toUpperCase();
  const lastDot = text.lastIndexOf('.');
  // Which positions of the pattern can be reached with the name read so far.
  let states = closure(wanted, new Set([0]), text, 0, lastDot);
  for (let at = 0; at < text.length; at += 1) {
    const next = new Set<number>();
    for (const state of states) step(wanted, state, text, at, lastDot, next);
    states = closure(wanted, next, text, at + 1, lastDot);
    if (states.size === 0) return false;
  }
  return states.has(wanted.length);
}

/** One character of the name. */
function step(
  pattern: string,
  state: number,
  text: string,
  at: number,
  lastDot: number,
  next: Set<number>,
): void {
  const char = text[at] ?? '';
  switch (pattern[state]) {
    case undefined:
      return;
    case '*':
      next.add(state);
      return;
    case '<':
      // DOS_STAR: all but the last dot, which it leaves to what follows.
      if (at !== lastDot) next.add(state);
      return;
    case '?':
      next.add(state + 1);
      return;
    case '>':
      if (char !== '.') next.add(state + 1);
      return;
    case '"':
      if (char === '.') next.add(state + 1);
      return;
    default:
      if (pattern[state] === char) next.add(state + 1);
  }
}

/** What can be reached without a character: wildcards that stand for nothing. */
function closure(
  pattern: string,
  states: Set<number>,
  text: string,
  at: number,
  lastDot: number,
): Set<number> {
  const atEnd = at === text.length;
  // A set takes what is added while it is gone through.
  for (const state of states) {
    const char = pattern[state];
    const empty =
      char === '*' ||
      char === '<' ||
      // DOS_QM and DOS_DOT stand for nothing at the end, DOS_QM before a dot too.
      (char === '"' && atEnd) ||
      (char === '>' && (atEnd || at === lastDot || text[at] === '.'));
    if (empty) states.add(state + 1);
  }
  return states;
}

/** One place of a pattern: a test of one character, or `*`. */
type Part = ((char: string) => boolean) | '*';

/**
 * A wildcard pattern (`*`, `?`, `[a-c]`, backtick to escape) as `-like` has it, without case. The
 * work is bounded by pattern times text, whatever they are.
 */
export function wildcard(pattern: string): (text: string) => boolean {
  const parts = parse(pattern.toLowerCase());
  return (text) => matches(parts, text.toLowerCase());
}

/** Whether a text is a pattern at all. */
export function isWildcard(text: string): boolean {
  return /[*?[]/u.test(text);
}

/** Goes back to the last star only: an earlier one can never do better. */
function matches(parts: readonly Part[], text: string): boolean {
  let at = 0;
  let part = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const test = parts[part];
    if (test === '*') {
      star = part;
      starAt = at;
      part += 1;
    } else if (test?.(text.charAt(at)) === true) {
      at += 1;
      part += 1;
    } else if (star >= 0) {
      part = star + 1;
      starAt += 1;
      at = starAt;
    } else return false;
  }
  while (parts[part] === '*') part += 1;
  return part === parts.length;
}

function parse(pattern: string): Part[] {
  const parts: Part[] = [];
  for (let i = 0; i < pattern.length; i += 1) {
    const char = pattern.charAt(i);
    const close = char === '[' ? pattern.indexOf(']', i + 1) : -1;
    if (char === '*') {
      if (parts.at(-1) !== '*') parts.push('*');
    } else if (char === '?') parts.push(() => true);
    else if (close > i + 1) {
      parts.push(oneOf(pattern.slice(i + 1, close)));
      i = close;
    } else {
      if (char === '`' && i + 1 < pattern.length) i += 1;
      parts.push(exactly(pattern.charAt(i)));
    }
  }
  return parts;
}

function exactly(wanted: string): (char: string) => boolean {
  return (char) => char === wanted;
}

function oneOf(set: string): (char: string) => boolean {
  const ranges: [string, string][] = [];
  for (let i = 0; i < set.length; i += 1) {
    const isRange = set.charAt(i + 1) === '-' && i + 2 < set.length;
    ranges.push([set.charAt(i), set.charAt(isRange ? i + 2 : i)]);
    if (isRange) i += 2;
  }
  return (char) => ranges.some(([from, to]) => char >= from && char <= to);
}

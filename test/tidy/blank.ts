// Which characters of a TypeScript file are code: rules must not trip over comments and strings.

type Kind = 'code' | 'comment' | 'string';

/** `text` with every comment and every string's content replaced by spaces; lines stay in place. */
export function codeOnly(text: string): string {
  return keep(text, 'code');
}

/** `text` with everything but comments replaced by spaces; lines stay in place. */
export function commentsOnly(text: string): string {
  return keep(text, 'comment');
}

function keep(text: string, wanted: Kind): string {
  let kept = '';
  for (const [kind, start, end] of spans(text)) {
    const part = text.slice(start, end);
    kept += kind === wanted ? part : part.replace(/[^\n]/gu, ' ');
  }
  return kept;
}

/** A regular expression may start after one of these; elsewhere `/` divides. */
const BEFORE_REGEXP = /(?:^|[([{,;:=!&|?+\-*%~^<>}]|\b(?:return|typeof|case|in|of|do|else))\s*$/u;

/** Longest match of each token that is not plain code, tried at one position. */
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/uy;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'?|"(?:[^"\\\n]|\\[\s\S])*"?/uy;
const REGEXP = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/uy;
/** Template text up to its end or to the next substitution. */
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{|$)/uy;

function* spans(text: string): Generator<[Kind, number, number]> {
  // One entry for each template that is open, counting the braces open inside its substitution.
  const templates: number[] = [];
  let code = 0;
  for (let at = 0; at < text.length; ) {
    const token = tokenAt(text, at, code, templates);
    if (token === undefined) {
      at += 1;
      continue;
    }
    const [kind, end] = token;
    yield ['code', code, at];
    yield [kind, at, end];
    at = code = end;
  }
  yield ['code', code, text.length];
}

function tokenAt(
  text: string,
  at: number,
  lineStart: number,
  templates: number[],
): [Kind, number] | undefined {
  const character = text.charAt(at);
  const depth = templates.at(-1);
  if (character === '`' || (character === '}' && depth === 0)) {
    if (character === '}') {
      templates.pop();
    }
    const end = match(TEMPLATE, text, at + 1) ?? at + 1;
    if (text.endsWith('${', end)) {
      templates.push(0);
    }
    return ['string', end];
  }
  if (depth !== undefined && (character === '{' || character === '}')) {
    templates[templates.length - 1] = depth + (character === '{' ? 1 : -1);
    return undefined;
  }
  if (character === "'" || character === '"') {
    return ['string', match(STRING, text, at) ?? at + 1];
  }
  if (character !== '/') {
    return undefined;
  }
  const comment = match(COMMENT, text, at);
  if (comment !== undefined) {
    return ['comment', comment];
  }
  const before = text.slice(Math.max(lineStart, at - 40), at);
  const regexp = BEFORE_REGEXP.test(before) ? match(REGEXP, text, at) : undefined;
  return regexp === undefined ? undefined : ['string', regexp];
}

function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

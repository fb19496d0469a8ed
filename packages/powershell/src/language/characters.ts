// What PowerShell's tokenizer makes of single characters (about_Parsing, about_Special_Characters):
// the typographic dashes and quotes that word processors put in count as the plain ones.

export function isNewline(char: string): boolean {
  return char === '\n' || char === '\r';
}

/** White space within a line. */
export function isBlank(char: string): boolean {
  return char !== '' && /[\t\v\f\u0085\p{Zs}]/u.test(char);
}

export function isDash(char: string): boolean {
  return char !== '' && '-\u2013\u2014\u2015'.includes(char);
}

export function isSingleQuote(char: string): boolean {
  return char !== '' && "'\u2018\u2019\u201A\u201B".includes(char);
}

export function isDoubleQuote(char: string): boolean {
  return char !== '' && '"\u201C\u201D\u201E'.includes(char);
}

/** Begins a name: of a parameter, a member, an operator. */
export function isNameStart(char: string): boolean {
  return char !== '' && /[\p{L}_]/u.test(char);
}

/** Goes on a name, and makes a variable's. */
export function isNamePart(char: string): boolean {
  return char !== '' && /[\p{L}\p{Nd}_]/u.test(char);
}

/** Ends an argument written without quotes. */
export function endsBareword(char: string): boolean {
  return char === '' || '&(),;{|}\0'.includes(char) || isNewline(char) || isBlank(char);
}

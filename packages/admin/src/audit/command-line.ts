/** An argument of a command line, in quotes where a shell would read something else. */
export function argument(text: string): string {
  const name = text.replace(/\p{Cc}/gu, '?');
  return /^[\w.:/@,=+-]+$/u.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * A text in lines of at most `width` characters, broken at blanks: the first line begins with
 * `first`, the others with `indent`. A no-break space stays with its words and becomes a blank;
 * words that are longer stand alone.
 */
export function wrap(text: string, width: number, first = '', indent = first): readonly string[] {
  const lines: string[] = [];
  let begin = first;
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && begin.length + longer.length > width) {
      lines.push(begin + line);
      begin = indent;
      line = word;
    } else {
      line = longer;
    }
  }
  lines.push(begin + line);
  return lines.map((one) => one.replaceAll(NO_BREAK, ' '));
}

/** Joins words that must not be parted. */
export const NO_BREAK = '\u00A0';

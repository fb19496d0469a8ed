/** Everything below U+0080: the common case, for which folding is lower-casing. */
const ASCII = /^[\0-\x7f]*$/;
const MARKS = /\p{Mn}/gu;
const HIRAGANA = /[\u3041-\u3096]/g;
const HIRAGANA_TO_KATAKANA = 0x60;

/**
 * The form in which Active Directory compares text: without regard to case, width, kana type and
 * non-spacing marks (MS-ADTS 6.5, the flags of its comparisons), so `Müller` equals `MULLER`. The
 * beginning of a text folds to the beginning of what the text folds to.
 */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  // Lower case first: the capital of ß has no capital of its own. Lower-casing writes the sigma at
  // the end of a word otherwise than within.
  return text
    .normalize('NFKD')
    .replace(MARKS, '')
    .replace(HIRAGANA, (kana) => String.fromCharCode(kana.charCodeAt(0) + HIRAGANA_TO_KATAKANA))
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC');
}

/** The folded form as a byte string: of most text, its lower case. */
export function foldedBytes(text: string): string {
  return ASCII.test(text) ? text.toLowerCase() : textBytes(fold(text));
}

/** The UTF-8 bytes of a text as a byte string, the form of keys. */
export function textBytes(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Whether every character is below U+0080. */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

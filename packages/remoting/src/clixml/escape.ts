/**
 * Text as CLIXML has it (MS-PSRP 2.2.5.3.2): what XML cannot carry, controls and all surrogates as
 * `_xHHHH_`, an underscore that could begin such an escape as `_x005F_`; then escaped for XML.
 */
export function escapeText(text: string): string {
  return SPECIAL.test(text) ? text.replaceAll(EVERY_SPECIAL, escapeOne) : text;
}

/** The other way, after XML's own escapes are gone. */
export function unescapeText(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replaceAll(/_x([\dA-Fa-f]{4})_/gu, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

// Without the u flag, so that the halves of a surrogate pair are met one by one.
const PATTERN = '[&<>"\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff\\ufffe\\uffff]|_(?=[xX])';
// oxlint-disable-next-line require-unicode-regexp
const SPECIAL = new RegExp(PATTERN);
// oxlint-disable-next-line require-unicode-regexp
const EVERY_SPECIAL = new RegExp(PATTERN, 'g');

const XML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escapeOne(unit: string): string {
  const known = XML_ESCAPES[unit];
  if (known !== undefined) return known;
  return `_x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;
}

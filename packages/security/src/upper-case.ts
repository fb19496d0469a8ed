/**
 * A text in upper case as Windows compares texts in conditions: each UTF-16 code unit for itself,
 * by the pairs of Unicode 5.1. It is not what languages call upper case: `ß` stays as it is.
 */
export function upperCase(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  let folded = '';
  for (let index = 0; index < text.length; index += 1) folded += upperUnit(text.charAt(index));
  return folded;
}

const ASCII = /^\p{ASCII}*$/u;

function upperUnit(unit: string): string {
  const upper = unit.toUpperCase();
  const paired = upper.length === 1 && !LATER.test(unit) && !LATER.test(upper);
  return paired ? upper : unit;
}

/** Letters of the Basic Multilingual Plane that got their partner after Unicode 5.1. */
const LATER = new RegExp(
  [
    '[\u037f\u0524-\u052f\u10c7\u10cd\u13a0-\u13f5\u1c80-\u1c8a\u1c90-\u1cbf',
    '\u2c2f\u2c70\u2c7e\u2c7f\u2ceb-\u2cf3\ua660\ua661\ua698-\ua69b\ua78d-\ua7f6]',
  ].join(''),
);

/** An xs:duration in milliseconds; undefined: it is none. Days at most: months have no length. */
export function parseDuration(text: string): number | undefined {
  const parts = FORM.exec(text.trim());
  if (parts === null || /(?:P|T)$/u.test(text.trim())) return undefined;
  const [, sign, days = '0', hours = '0', minutes = '0', seconds = '0'] = parts;
  const whole = (Number(days) * 24 + Number(hours)) * 60 + Number(minutes);
  const milliseconds = whole * 60_000 + Number(seconds) * 1000;
  return sign === '-' ? -milliseconds : milliseconds;
}

const FORM: RegExp = new RegExp(
  [
    '^(-?)P(?:(\\d{1,9})D)?',
    '(?:T(?:(\\d{1,9})H)?(?:(\\d{1,9})M)?(?:(\\d{1,12}(?:\\.\\d{1,9})?)S)?)?$',
  ].join(''),
  'u',
);

/** Milliseconds as WS-Man has them: `PT60.000S`. */
export function formatDuration(milliseconds: number): string {
  return `PT${(milliseconds / 1000).toFixed(3)}S`;
}

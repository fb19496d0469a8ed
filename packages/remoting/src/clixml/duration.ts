/** 100 ns in a second. */
const SECOND = 10_000_000n;

/** A TimeSpan of so many 100 ns as xs:duration (MS-PSRP 2.2.5.1.5): `PT1H0.5S`. */
export function formatTimeSpan(ticks: bigint): string {
  const size = ticks < 0n ? -ticks : ticks;
  const all = size / SECOND;
  const fraction = String(size % SECOND)
    .padStart(7, '0')
    .replace(/0+$/u, '');
  const seconds = `${all % 60n}${fraction === '' ? '' : `.${fraction}`}`;
  const part = (count: bigint, unit: string): string => (count === 0n ? '' : `${count}${unit}`);
  const days = part(all / 86_400n, 'D');
  const clock =
    part((all / 3600n) % 24n, 'H') +
    part((all / 60n) % 60n, 'M') +
    (seconds === '0' ? '' : `${seconds}S`);
  const rest = clock === '' && days !== '' ? '' : `T${clock === '' ? '0S' : clock}`;
  return `${ticks < 0n ? '-' : ''}P${days}${rest}`;
}

/** An xs:duration in 100 ns; undefined: it is none. Years and months have no length. */
export function parseTimeSpan(text: string): bigint | undefined {
  const parts = SHAPE.exec(text);
  if (parts === null || /[PT]$/u.test(text)) return undefined;
  const [, sign, days = 0, hours = 0, minutes = 0, seconds = 0, fraction = ''] = parts;
  const clock = BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds);
  const ticks = (BigInt(days) * 86_400n + clock) * SECOND + BigInt(fraction.padEnd(7, '0'));
  return sign === '-' ? -ticks : ticks;
}

const SHAPE =
  /^(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,12})(?:\.(\d{1,7}))?S)?)?$/u;

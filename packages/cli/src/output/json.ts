import { toHex } from '@doublehop/wire/bytes';
import type { Context } from '../context.ts';

/** Prints a value as JSON; octets become hexadecimal texts. */
export function printJson(context: Pick<Context, 'out'>, value: unknown): void {
  const text = JSON.stringify(
    value,
    (_key, part: unknown) => (part instanceof Uint8Array ? toHex(part) : part),
    2,
  );
  context.out(`${text}\n`);
}

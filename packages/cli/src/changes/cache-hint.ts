import type { Context } from '../context.ts';
import { formatClock } from '../output/time.ts';

/** S4UCacheTimeout's default, in milliseconds: how long an LSA repeats a refusal. */
const NEGATIVE_CACHE = 15 * 60 * 1000;

/**
 * Where a refusal may still be remembered after a grant, and how that ends; undefined where nobody
 * was granted anything. `middles` are sAMAccountNames.
 */
export function cacheHint(
  { clock }: Pick<Context, 'clock'>,
  middles: ReadonlySet<string>,
): string | undefined {
  const [first] = middles;
  if (first === undefined) return undefined;
  const until = formatClock(clock() + NEGATIVE_CACHE);
  const host = middles.size === 1 ? first.replace(/\$$/, '') : 'a middle';
  return (
    `note: if ${host} was refused in the last 15 minutes, it remembers that until ${until} at ` +
    'the latest; klist purge -li 0x3e7 there ends it now'
  );
}

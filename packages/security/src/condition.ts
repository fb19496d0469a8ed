import type { Claims } from './claims.ts';
import type { Acl } from './descriptor.ts';
import type { Sid } from './sid.ts';

export type Ternary = 'true' | 'false' | 'unknown';

/** What a condition may ask about: a token, as `access-check` has it. */
export interface ConditionToken {
  readonly sids: ReadonlySet<Sid>;
  readonly claims?: Claims;
  readonly device?: { readonly sids: ReadonlySet<Sid>; readonly claims?: Claims };
}

/** The value of a conditional expression (MS-DTYP 2.5.3.1.5); `unknown` when it is malformed. */
export function evaluateCondition(
  condition: Uint8Array | undefined,
  token: ConditionToken,
  sacl?: Acl | 'null',
): Ternary {
  void [condition, token, sacl];
  return 'unknown';
}

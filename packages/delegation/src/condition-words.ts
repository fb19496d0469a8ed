import type { Token } from '@doublehop/security/access-check';
import type { Ace } from '@doublehop/security/ace';
import { type ConditionToken, decodeCondition } from '@doublehop/security/condition-codec';
import { SecurityError } from '@doublehop/security/errors';

/**
 * What a conditional ACE asks about and nobody knows, in words that follow a comma; empty where
 * everything is known, and the condition simply does not hold (MS-DTYP 2.4.4.17).
 */
export function unknownsOf({ condition }: Ace, { claims, device }: Token): string {
  const tokens = tokensOf(condition);
  if (tokens === undefined) return 'which cannot be read';
  const asks = (about: 'user' | 'device'): boolean =>
    tokens.some((token) => token.kind === 'attribute' && token.source === about);
  const ofDevice = tokens.some(
    (token) => token.kind === 'operator' && token.operator.includes('Device_Member_of'),
  );
  const unknown: string[] = [];
  if ((ofDevice || asks('device')) && device === undefined) {
    unknown.push('the device is unknown: the request was not armored');
  } else if (asks('device') && device?.claims === undefined) {
    unknown.push("the device's TGT has no claims");
  }
  if (asks('user') && claims === undefined) unknown.push("the middle's TGT has no claims");
  return unknown.join(', and ');
}

/** undefined: no condition, or one that cannot be read. */
function tokensOf(condition: Uint8Array | undefined): readonly ConditionToken[] | undefined {
  if (condition === undefined) return undefined;
  try {
    return decodeCondition(condition);
  } catch (error) {
    if (error instanceof SecurityError) return undefined;
    throw error;
  }
}

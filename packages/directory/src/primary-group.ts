import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import { decodeSid, domainOf, encodeSid, withRid } from '@doublehop/security/sid';
import { defaultPrimaryGroup } from './account-types.ts';
import { numberOf, setNumber, type Draft } from './draft.ts';
import { GroupType } from './groups.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { backKey } from './layout.ts';
import type { StoredAttributes } from './record.ts';
import { refused, Win32 } from './values.ts';
import type { View } from './view.ts';

/** The groups of a change of primaryGroupID: the one left and the one joined. */
export interface PrimaryGroupChange {
  readonly left: number | undefined;
  readonly joined: number;
}

const KINDS =
  ACCOUNT_CONTROL.WORKSTATION_TRUST_ACCOUNT |
  ACCOUNT_CONTROL.SERVER_TRUST_ACCOUNT |
  ACCOUNT_CONTROL.PARTIAL_SECRETS_ACCOUNT;

/**
 * Keeps primaryGroupID right: it follows the kind of a machine account (MS-SAMR 3.1.1.8.1), and a
 * client may set it only to a group that the account is in (MS-SAMR 3.1.1.8.2).
 */
export function followPrimaryGroup(
  view: View,
  known: KnownAttributes,
  draft: Draft,
  before: StoredAttributes,
): PrimaryGroupChange | undefined {
  const old = number(before.get(known.primaryGroupId.code));
  if (old === undefined) return undefined;
  const wasControl = number(before.get(known.userAccountControl.code)) ?? 0;
  const control = numberOf(draft, known.userAccountControl) ?? 0;
  const isSet = numberOf(draft, known.primaryGroupId) !== old;
  if (!isSet && (control & KINDS) === (wasControl & KINDS)) return undefined;
  if (!isSet) setNumber(draft, known.primaryGroupId, defaultPrimaryGroup(control));
  const rid = numberOf(draft, known.primaryGroupId);
  if (rid === undefined) throw refused('constraintViolation', known.primaryGroupId, 'is needed');
  if (rid === old) return undefined;
  const joined = groupWithRid(view, known, draft, rid);
  const link = known.member.linkId ?? 0;
  const isMember =
    joined !== undefined && view.reader.get(backKey(draft.id, link, joined)) !== undefined;
  if (joined === undefined || (isSet && (!isMember || !canBePrimary(view, known, joined)))) {
    const what = 'names no global or universal security group that the account is in';
    throw refused('unwillingToPerform', known.primaryGroupId, what, Win32.notInPrimaryGroup);
  }
  // A machine that becomes a controller, or ceases to be one, does not stay in its old group.
  return { left: isSet ? groupWithRid(view, known, draft, old) : undefined, joined };
}

/** A group whose members may have it for their primary group: of the whole domain or forest. */
function canBePrimary(view: View, known: KnownAttributes, group: number): boolean {
  const type = Number(view.entry(group)?.text(known.groupType.code) ?? '0') >>> 0;
  return (type & GroupType.security) !== 0 && (type & GroupType.domainLocal) === 0;
}

function groupWithRid(
  view: View,
  known: KnownAttributes,
  draft: Draft,
  rid: number,
): number | undefined {
  const [sid] = draft.attributes.get(known.objectSid.code) ?? [];
  if (!(sid instanceof Uint8Array)) return undefined;
  const group = encodeSid(withRid(domainOf(decodeSid(sid)), rid));
  return view.onlyWithValue(known.objectSid, group);
}

function number(values: readonly unknown[] | undefined): number | undefined {
  const [value] = values ?? [];
  return typeof value === 'string' ? Number(value) : undefined;
}

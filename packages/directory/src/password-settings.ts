import { decodeSid, ridOf } from '@doublehop/security/sid';
import { readDomain } from './domain.ts';
import { groupsOf, GroupType } from './groups.ts';
import { needed, type KnownAttributes } from './known-attributes.ts';
import { locate } from './names.ts';
import { EntryFlag, type StoredEntry } from './record.ts';
import type { View } from './view.ts';

/** krbtgt's relative identifier (MS-ADTS 6.1.1.6). */
const KRBTGT = 502;

/** ADS_UF_NORMAL_ACCOUNT of userAccountControl (MS-ADTS 2.2.16). */
const NORMAL_ACCOUNT = 0x200;

/** The class of password settings objects (MS-ADTS 6.1.1.4.11.1). */
const SETTINGS_CLASS = 'msDS-PasswordSettings';

/**
 * The password settings object that counts for an account, msDS-ResultantPSO (MS-ADTS
 * 3.1.1.4.5.36): of those that name the account itself, or else one of its global security groups,
 * the one of least precedence, and of these the one with the smallest objectGUID. Objects outside
 * of the Password Settings Container do not count. Undefined: the domain's own policy counts, as it
 * always does for computers, krbtgt and what is no normal account.
 */
export function resultantPasswordSettings(
  view: View,
  known: KnownAttributes,
  entry: StoredEntry,
): number | undefined {
  const { schema } = view;
  const type = schema.classType(String(entry.values(known.objectClass.code).at(-1) ?? ''));
  if (type === undefined || !schema.isKindOf(type, 'user')) return undefined;
  if (schema.isKindOf(type, 'computer')) return undefined;
  const control = Number(entry.text(needed(schema, 'userAccountControl').code) ?? '0');
  if ((control & NORMAL_ACCOUNT) === 0) return undefined;
  const sid = entry.bytes(known.objectSid.code);
  if (sid === undefined || ridOf(decodeSid(sid)) === KRBTGT) return undefined;
  const link = needed(schema, 'msDS-PSOAppliesTo').linkId ?? 0;
  const own = foremost(view, known, view.linksTo(entry, link));
  if (own !== undefined) return own;
  const groups = groupsOf(view, known, entry).filter(({ type: bits }) => isGlobal(bits));
  return foremost(view, known, appliedTo(view, groups, link));
}

/** Whether an entry is a password settings object. */
export function isPasswordSettings(known: KnownAttributes, entry: StoredEntry): boolean {
  return entry.values(known.objectClass.code).at(-1) === SETTINGS_CLASS;
}

function isGlobal(bits: number): boolean {
  return (bits & GroupType.global) !== 0 && (bits & GroupType.builtin) === 0;
}

function* appliedTo(
  view: View,
  groups: readonly { readonly id: number }[],
  link: number,
): Iterable<number> {
  for (const { id } of groups) {
    const group = view.entry(id);
    if (group !== undefined && (group.flags & EntryFlag.backLinks) !== 0) {
      yield* view.linksTo(group, link);
    }
  }
}

function foremost(view: View, known: KnownAttributes, ids: Iterable<number>): number | undefined {
  const { code } = needed(view.schema, 'msDS-PasswordSettingsPrecedence');
  const ranked: { readonly id: number; readonly precedence: number; readonly guid: Buffer }[] = [];
  let container: number | undefined;
  for (const id of ids) {
    const entry = view.entry(id);
    if (entry === undefined || !isPasswordSettings(known, entry)) continue;
    container ??= settingsContainer(view, known);
    if (entry.parentId !== container) continue;
    const guid = Buffer.from(entry.bytes(known.objectGuid.code) ?? []);
    ranked.push({ id, precedence: Number(entry.text(code) ?? Infinity), guid });
  }
  ranked.sort((a, b) => a.precedence - b.precedence || Buffer.compare(a.guid, b.guid));
  return ranked[0]?.id;
}

function settingsContainer(view: View, known: KnownAttributes): number | undefined {
  const domain = readDomain(view.reader);
  if (domain === undefined) return undefined;
  return locate(view, known, `CN=Password Settings Container,CN=System,${domain.dn}`);
}

import { plainControl } from '@doublehop/ldap/controls';
import type { Control } from '@doublehop/ldap/messages/common';
import { decodeMessage, encodeMessage, type Operation } from '@doublehop/ldap/messages/message';
import type { Change } from '@doublehop/ldap/messages/update';
import { CONTROLS } from '@doublehop/ldap/oids';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import type { Guid } from '@doublehop/security/guid';
import { parseSddl } from '@doublehop/security/sddl';
import { Random } from '../random.ts';
import { WireError } from '@doublehop/wire/errors';

/** Octets of one request of a program. */
export const INSTRUCTION = 8;
/** Requests of the longest program. */
export const MAX_INSTRUCTIONS = 48;

const BASE = 'DC=contoso,DC=com';
export const FIELD = `OU=Fuzz,${BASE}`;

/** One request of a program, and how it is made. */
export interface Step {
  /** 0: the Administrator; 1: a user without rights; 2: nobody. */
  readonly caller: number;
  readonly operation: Operation;
  readonly controls: readonly Control[];
  /** Whether the next step begins only when this one is done. */
  readonly alone: boolean;
}

/** What octets tell to do, one after the other; `known` are entries that were there once. */
export function* programOf(
  input: Uint8Array,
  known: readonly Guid[],
): Generator<Step, void, undefined> {
  const count = Math.min(MAX_INSTRUCTIONS, Math.floor(input.length / INSTRUCTION));
  for (let index = 0; index < count; index += 1) {
    const octets = input.subarray(index * INSTRUCTION, (index + 1) * INSTRUCTION);
    const step = stepOf(new Choices(octets, known));
    const [place = 0, flip = 0] = octets;
    // Some messages are damaged on their way; most of those are no messages then.
    const operation = flip % 8 === 7 ? damaged(step.operation, place, flip) : step.operation;
    if (operation !== undefined) yield { ...step, operation };
  }
}

/** Octets as choices, each from a short list: programs meet the same entries again and again. */
class Choices {
  readonly #random: Random;
  readonly #known: readonly Guid[];

  constructor(octets: Uint8Array, known: readonly Guid[]) {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    this.#random = new Random(view.getUint32(2));
    this.#known = known;
  }

  below(count: number): number {
    return this.#random.below(count);
  }

  of<T>(first: T, ...others: readonly T[]): T {
    return others[this.below(others.length + 1) - 1] ?? first;
  }

  /** A name in the field, as it is written first. */
  dn(kind: string = this.of('CN=u', 'CN=g', 'CN=c', 'OU=')): string {
    const unit = this.of('', '', 'OU=0,', 'OU=1,', 'OU=0,OU=1,');
    return `${kind}${this.below(3)},${unit}${FIELD}`;
  }

  /** Mostly a group that is there. */
  group(): string {
    return this.of(`CN=g0,${FIELD}`, `CN=g1,OU=1,${FIELD}`, this.name());
  }

  /** The name of an entry: of one that was there, of one that may be, or of another. */
  name(): string {
    const guid = this.#known[this.below(Math.max(1, this.#known.length))];
    const kind = this.below(8);
    if (kind < 5 && guid !== undefined) return `<GUID=${guid}>`;
    if (kind < 7) return this.dn();
    return this.of(`CN=Domain Users,CN=Users,${BASE}`, FIELD, BASE, 'CN=,', '<SID=S-1-5-32-544>');
  }
}

/** What the field holds before a program begins: names with their classes. */
export const PLANTED: readonly (readonly [string, string])[] = [
  ['OU=0', 'organizationalUnit'],
  ['OU=1', 'organizationalUnit'],
  ['CN=u0', 'user'],
  ['CN=u1,OU=0', 'user'],
  ['CN=g0', 'group'],
  ['CN=g1,OU=1', 'group'],
  ['CN=c0,OU=1', 'computer'],
];

function stepOf(choices: Choices): Step {
  const [kind, who] = [choices.below(12), choices.below(16)];
  const caller = who < 14 ? 0 : who - 13;
  const step = { caller, controls: [], alone: who % 3 !== 0 };
  switch (kind) {
    case 0:
    case 1:
    case 2:
      return { ...step, operation: addition(choices) };
    case 3:
    case 4:
      return { ...step, operation: modification(choices.group(), [membership(choices)]) };
    case 5:
    case 6: {
      const changes = [anyChange(choices), anyChange(choices)].slice(choices.below(2));
      const controls = choices.of<Control[]>([], [plainControl(CONTROLS.permissiveModify)]);
      return { ...step, controls, operation: modification(choices.name(), changes) };
    }
    case 7:
    case 8:
      return { ...step, operation: renaming(choices) };
    case 9:
      return { ...step, operation: modification(choices.name(), passwords(choices)) };
    case 10: {
      const controls = choices.of<Control[]>([], [plainControl(CONTROLS.treeDelete)]);
      return { ...step, controls, operation: { kind: 'deleteRequest', value: choices.name() } };
    }
    default: {
      const controls = [plainControl(CONTROLS.showDeleted)];
      return { ...step, controls, operation: modification(choices.name(), reanimation(choices)) };
    }
  }
}

function addition(choices: Choices): Operation {
  const [prefix, objectClass] = choices.of(
    ['CN=u', 'user'],
    ['CN=g', 'group'],
    ['CN=c', 'computer'],
    ['OU=', 'organizationalUnit'],
    ['CN=u', 'container'],
  );
  const entry = choices.dn(prefix);
  const more = choices.of<readonly [string, string] | undefined>(
    undefined,
    ['sAMAccountName', choices.of('u', 'g', 'c$', 'x')],
    ['member', choices.name()],
    ['managedBy', choices.name()],
    ['servicePrincipalName', choices.of('HTTP/x', 'host/y', 'x')],
    ['userAccountControl', choices.of('512', '4096', '2', '524288')],
  );
  const all = [['objectClass', objectClass] as const, ...(more === undefined ? [] : [more])];
  const attributes = all.map(([type, value]) => ({ type, values: [Buffer.from(value)] }));
  return { kind: 'addRequest', value: { entry, attributes } };
}

function modification(object: string, changes: readonly Change[]): Operation {
  return { kind: 'modifyRequest', value: { object, changes: [...changes] } };
}

function change(
  operation: Change['operation'],
  type: string,
  ...values: readonly (string | Uint8Array)[]
): Change {
  return { operation, modification: { type, values: values.map((each) => Buffer.from(each)) } };
}

function membership(choices: Choices): Change {
  const operation = choices.of('add', 'add', 'delete', 'replace');
  const attribute = choices.of('member', 'member', 'member', 'managedBy', 'memberOf');
  return change(operation, attribute, ...[choices.name(), choices.name()].slice(choices.below(3)));
}

const DESCRIPTORS = [
  'O:BAG:BAD:(A;CI;RPWP;;;WD)',
  'O:BAG:BAD:P(A;CI;GA;;;BA)(OA;CIIO;RP;;bf967aba-0de6-11d0-a285-00aa003049e2;AU)',
  'D:(A;;CCDC;;;AU)S:(AU;CISA;WP;;;WD)',
].map((text) => encodeDescriptor(parseSddl(text)));

/** Attributes that mean something to the directory, with values, some of them bad. */
const VALUES: readonly (readonly [string, ...(string | Uint8Array)[]])[] = [
  ['description', 'one', 'two', ''],
  ['displayName', 'Ä', 'ä'],
  ['sAMAccountName', 'u', 'g', 'x', 'administrator', ''],
  ['userPrincipalName', 'u@contoso.com', 'U@CONTOSO.COM', '@'],
  ['servicePrincipalName', 'HTTP/x', 'http/X', 'host/y', 'y'],
  ['userAccountControl', '512', '514', '4096', '66048', '8192', '-1', 'x'],
  ['nTSecurityDescriptor', ...DESCRIPTORS, 'x'],
  ['msDS-AllowedToActOnBehalfOfOtherIdentity', ...DESCRIPTORS, 'x'],
  ['msDS-AllowedToDelegateTo', 'HTTP/x', 'cifs/y'],
  ['primaryGroupID', '513', '514', '515', '1'],
  ['groupType', '-2147483646', '-2147483640', '2', '4'],
  ['adminCount', '1', '0'],
  ['lockoutTime', '0'],
  ['pwdLastSet', '0', '-1', '7'],
  ['objectClass', 'user', 'computer', 'top', 'dynamicObject'],
  ['objectSid', 'S-1-5-21-1-2-3-4'],
  ['objectGUID', '0123456789abcdef'],
  ['isDeleted', 'TRUE'],
  ['cn', 'z'],
  ['1.2.3', 'x'],
];

function anyChange(choices: Choices): Change {
  const operation = choices.of('add', 'replace', 'delete');
  const [type, ...values] = VALUES[choices.below(VALUES.length)] ?? ['cn'];
  const start = choices.below(values.length);
  return change(operation, type, ...values.slice(start, start + choices.below(3)));
}

function passwords(choices: Choices): Change[] {
  const quoted = (text: string): Buffer => Buffer.from(`"${text}"`, 'utf16le');
  const [old, next] = [quoted(choices.of('Passw0rd.1', 'Passw0rd.2')), quoted('Passw0rd.2')];
  return choices.of(
    [change('replace', 'unicodePwd', next)],
    [change('delete', 'unicodePwd', old), change('add', 'unicodePwd', next)],
    [change('replace', 'unicodePwd', 'x')],
  );
}

function renaming(choices: Choices): Operation {
  const entry = choices.name();
  const newRdn = choices.of('CN=u0', 'CN=u1', 'CN=g2', 'OU=0', 'OU=2', 'CN=x\\0ADEL:y', 'L=x', '');
  const newSuperior = choices.of(
    undefined,
    FIELD,
    `OU=0,${FIELD}`,
    `OU=1,${FIELD}`,
    choices.name(),
  );
  const value = { entry, newRdn, deleteOldRdn: choices.below(4) > 0 };
  return {
    kind: 'modifyDnRequest',
    value: newSuperior === undefined ? value : { ...value, newSuperior },
  };
}

function reanimation(choices: Choices): Change[] {
  return [change('delete', 'isDeleted'), change('replace', 'distinguishedName', choices.dn())];
}

/** The request with one octet of its message changed; undefined: no message any more. */
function damaged(operation: Operation, place: number, flip: number): Operation | undefined {
  const octets = encodeMessage({ messageId: 1, operation });
  const at = octets.length - 1 - (place % octets.length);
  octets[at] = (octets[at] ?? 0) ^ flip;
  try {
    return decodeMessage(octets).operation;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

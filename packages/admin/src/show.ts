import { type AccessRule, describeAce } from '@doublehop/delegation/describe-ace';
import { listGrants } from '@doublehop/delegation/grants';
import { type Lint, lintDescriptor, lintSentence } from '@doublehop/delegation/lint';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import { formatSddl } from '@doublehop/security/sddl';
import type { Sid } from '@doublehop/security/sid';
import type { Account } from './account.ts';
import type { DomainConnection } from './connection.ts';
import type { NamedSid } from './names.ts';
import { readDescriptor } from './plan.ts';

/** A principal that may act, with what is known about it. */
export interface ShownPrincipal extends NamedSid {
  /** An ACE with a condition lets it act: only while the condition is true. */
  readonly conditional: boolean;
}

/** Something odd about a descriptor, as a sentence with names. */
export interface ShownLint extends Lint {
  readonly sentence: string;
}

/** All there is to say about who may act for users to a target. */
export interface GrantReport {
  readonly target: Account;
  readonly state: 'absent' | 'unparsable' | 'read';
  /** Who may really act, deny entries and order weighed (PrincipalsAllowedToDelegateToAccount). */
  readonly principals: readonly ShownPrincipal[];
  /** Every entry of the DACL, as PowerShell shows it. */
  readonly rules: readonly AccessRule[];
  /** Undefined where there is none, or SDDL has no words for an entry. */
  readonly sddl: string | undefined;
  readonly raw: Uint8Array | undefined;
  readonly lints: readonly ShownLint[];
}

/** Describes the grants of a target that was read. Looks up the names of all SIDs in it. */
export async function showGrants(
  { names, domain }: DomainConnection,
  target: Account,
): Promise<GrantReport> {
  const read = readDescriptor(target.allowedToAct);
  const descriptor = typeof read === 'string' ? undefined : read;
  const lints = lintDescriptor(read);
  const aces = acesOf(descriptor);
  const grants = listGrants(descriptor);
  const sids = [
    ...aces.map(({ sid }) => sid),
    ...grants.map(({ sid }) => sid),
    ...lints.flatMap(({ sid }) => sid ?? []),
  ];
  await names.lookUp(sids);
  const display = (sid: Sid): string => names.named(sid).display;
  return {
    target,
    state: typeof read === 'string' ? read : 'read',
    principals: grants.map(({ sid, conditional }) => ({ ...names.named(sid), conditional })),
    rules: aces.map((ace) => describeAce(ace, display)),
    sddl: descriptor && sddlOf(descriptor, domain.sid),
    raw: target.allowedToAct,
    lints: lints.map((lint) => ({ ...lint, sentence: lintSentence(lint, display) })),
  };
}

function acesOf(descriptor: SecurityDescriptor | undefined) {
  const dacl = descriptor?.dacl;
  return dacl === undefined || dacl === 'null' ? [] : dacl.aces;
}

function sddlOf(descriptor: SecurityDescriptor, domain: Sid | undefined): string | undefined {
  try {
    return formatSddl(descriptor, domain === undefined ? {} : { domain });
  } catch (error) {
    // Some kinds of ACE have no letters in SDDL (MS-DTYP 2.5.1.1).
    if (error instanceof SecurityError && error.code === 'unsupported') return undefined;
    throw error;
  }
}

import { AceFlag } from '@doublehop/security/ace';
import { SecurityError } from '@doublehop/security/errors';
import { formatAce } from '@doublehop/security/sddl';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { AUDIT_SAMPLES } from '../limits.ts';
import type { AuditAccount, DescriptorClass } from './collect.ts';
import { andOthers, counted, finding } from './finding.ts';
import type { Finding, Severity } from './model.ts';
import { isEverybody, type Principals } from './principals.ts';
import type { Privileged } from './privileged.ts';
import type { RuleId } from './rules.ts';
import type { Writer, WriterWay } from './writers.ts';

/** A descriptor and who may write through it. */
export interface JudgedDescriptor {
  readonly class: DescriptorClass;
  readonly writers: readonly Writer[];
}

interface WriterContext {
  readonly principals: Principals;
  readonly privileged: Privileged;
}

/** What one writer may write in one way, over all descriptors. */
interface Reach {
  readonly writer: Writer;
  /** Empty: of no particular target. */
  readonly high: AuditAccount | undefined;
  count: number;
  readonly samples: string[];
}

/**
 * Who else than administrators may write who may act for users: one finding for a writer and a way,
 * with the number of accounts, and one for each high target.
 */
export async function writerFindings(
  judged: Iterable<JudgedDescriptor>,
  context: WriterContext,
): Promise<readonly Finding[]> {
  const reaches = new Map<string, Reach>();
  for (const { class: class_, writers } of judged) {
    for (const writer of writers) {
      if (context.privileged.controls(writer.sid)) continue;
      add(reaches, { class_, writer });
    }
  }
  const findings: Finding[] = [];
  for (const reach of reaches.values()) findings.push(await writerFinding(reach, context));
  return findings;
}

function add(
  reaches: Map<string, Reach>,
  { class_, writer }: { readonly class_: DescriptorClass; readonly writer: Writer },
): void {
  // An account that may write to itself is nobody else's danger where it is high already.
  const isSelf = writer.sid === wellKnown.principalSelf;
  const high = isSelf ? [] : class_.high;
  for (const account of high) {
    const key = `${writer.sid} ${account.sid}`;
    reaches.set(key, { writer, high: account, count: 1, samples: [account.name] });
  }
  const count = class_.count - high.length;
  if (count <= 0) return;
  const key = `${writer.sid} ${writer.ways.join()}`;
  const known = reaches.get(key) ?? { writer, high: undefined, count: 0, samples: [] };
  known.count += count;
  const names = new Set(high.map(({ name }) => name));
  for (const name of class_.samples) {
    if (known.samples.length < AUDIT_SAMPLES && !names.has(name)) known.samples.push(name);
  }
  reaches.set(key, known);
}

async function writerFinding(reach: Reach, context: WriterContext): Promise<Finding> {
  const { writer, high, count, samples } = reach;
  const { sid, ways } = writer;
  const principal = context.principals.get(sid);
  const members =
    principal.kind === 'group' && !isEverybody(sid)
      ? await context.principals.membersOf(principal)
      : undefined;
  const rule = ruleOf(writer, high);
  const what = high === undefined ? counted(count, 'account') : high.name;
  const may = `may write who may act for users to ${what}`;
  const who = sid === wellKnown.principalSelf ? 'each of them itself' : principal.display;
  const self = `${counted(count, 'account')} may each write who may act for users to itself`;
  const by = `by ${ways.map((way) => WAY_TEXT[way]).join(', ')}`;
  const evidence = [
    ...(writer.ace === undefined ? [] : [`entry ${sddlOf(writer)}`]),
    ...(high === undefined ? [`on ${andOthers(samples, count)}`] : []),
    ...(members === undefined ? [] : [memberText(members)]),
  ];
  return finding(rule, {
    subject: high ?? principalSubject(sid, principal),
    about: high === undefined ? ways.join('+') : sid,
    severity: severityOf(rule, members?.count),
    sentence: sid === wellKnown.principalSelf ? self : `${who} ${may}, ${by}`,
    evidence,
    fix: fixOf(writer, principal.display, samples[0] ?? ''),
  });
}

function principalSubject(
  sid: Sid,
  principal: { readonly display: string; readonly dn: string | undefined; readonly kind?: unknown },
): { readonly name: string; readonly dn: string | undefined; readonly sid: Sid } {
  return { name: principal.display, dn: principal.dn, sid };
}

function ruleOf({ sid, ways }: Writer, high: AuditAccount | undefined): RuleId {
  if (isEverybody(sid)) return 'writer-everybody';
  if (sid === wellKnown.principalSelf) return 'writer-self';
  if (high !== undefined) return 'writer-tier0';
  return ways.every((way) => way === 'Owns') ? 'writer-owner' : 'writer';
}

/** A group without members is a door that nobody has the key of. */
function severityOf(rule: RuleId, members: number | undefined): Severity | undefined {
  return members === 0 && rule !== 'writer-everybody' ? 'info' : undefined;
}

const WAY_TEXT: Readonly<Record<WriterWay, string>> = {
  GenericAll: 'full control',
  GenericWrite: 'writing every property',
  WriteAccountRestrictions: 'writing account restrictions (property set 4c164200)',
  AddAllowedToAct: 'writing msDS-AllowedToActOnBehalfOfOtherIdentity',
  WriteDacl: 'changing the access list (WRITE_DAC)',
  WriteOwner: 'taking ownership (WRITE_OWNER)',
  Owns: 'being the owner',
};

function memberText(members: {
  readonly count: number;
  readonly principals: readonly { readonly name: string }[];
}): string {
  if (members.count === 0) return 'the group has no members';
  const names = members.principals.slice(0, AUDIT_SAMPLES).map(({ name }) => name);
  return `${counted(members.count, 'member')}: ${andOthers(names, members.count)}`;
}

function sddlOf({ ace }: Writer): string {
  try {
    return ace === undefined ? '' : formatAce(ace);
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    return 'that SDDL cannot say';
  }
}

/** Access lists of objects are no business of this tool: dsacls edits them, where they are made. */
function fixOf({ ways, ace }: Writer, who: string, sample: string): string {
  if (ways.every((way) => way === 'Owns')) return `make Domain Admins the owner of ${sample}`;
  const inherited = ace !== undefined && (ace.flags & AceFlag.inherited) !== 0;
  const where = inherited ? `the folder that ${sample} inherits it from` : sample;
  return `take the entry of ${who} from ${where}, with dsacls`;
}

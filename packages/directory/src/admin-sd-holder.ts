import {
  Control,
  decodeDescriptor,
  encodeDescriptor,
  type SecurityDescriptor,
} from '@doublehop/security/descriptor';
import { parseSid, type Sid, withRid } from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import type { Directory } from './directory.ts';
import type { DomainInfo } from './domain.ts';
import type { Entry } from './entry.ts';
import { GroupType } from './groups.ts';
import { MAX_CLOSURE } from './limits.ts';
import type { DirectoryWriter } from './writer.ts';

/** How often Windows looks at all protected objects, in milliseconds (MS-ADTS 3.1.1.6.1.3). */
export const PROTECTION_INTERVAL = 3_600_000;

/**
 * Gives every account and group with administrative power the descriptor of CN=AdminSDHolder, which
 * inherits nothing, so that who administers a container gets no power over them (MS-ADTS
 * 3.1.1.6.1.3), and marks them by adminCount. To be run from time to time; returns how many had
 * another descriptor. Who is no longer protected keeps the descriptor, as in Windows.
 */
export async function protectAdministrators(directory: Directory): Promise<number> {
  const { domain } = directory;
  if (domain === undefined) return 0;
  const holder = directory.find(`CN=AdminSDHolder,CN=System,${domain.dn}`);
  const bytes = holder?.bytes('nTSecurityDescriptor');
  if (bytes === undefined) return 0;
  const wanted = decodeDescriptor(bytes);
  const wrong = [...protectedIds(directory, domain)].filter((id) => {
    const entry = directory.find({ id });
    return entry !== undefined && isPrincipal(entry) && !isGuarded(entry, wanted);
  });
  await directory.write((writer) => {
    for (const id of wrong) guard(writer, id, bytes);
  });
  return wrong.length;
}

const BUILTIN = parseSid('S-1-5-32');

/** Groups whose members are protected, of the domain and built in (MS-ADTS 3.1.1.6.1.2). */
const POWERFUL: readonly number[] = [
  DomainRid.domainAdmins,
  DomainRid.schemaAdmins,
  DomainRid.enterpriseAdmins,
  DomainRid.keyAdmins,
  DomainRid.enterpriseKeyAdmins,
];
const POWERFUL_BUILTIN: readonly number[] = [544, 548, 549, 550, 551, 552];

/** Protected themselves, but not those who are members of them. */
const ALONE: readonly number[] = [
  DomainRid.administrator,
  DomainRid.krbtgt,
  DomainRid.domainControllers,
  DomainRid.readOnlyDomainControllers,
];

/** Bits of dwAdminSDExMask and the groups that they take out (MS-ADTS 3.1.1.6.1.4). */
const EXCLUSIONS: readonly (readonly [bit: number, rid: number])[] = [
  [1, 548],
  [2, 549],
  [4, 550],
  [8, 551],
];

/** Where dwAdminSDExMask stands in dSHeuristics (MS-ADTS 6.1.1.2.4.1.2). */
const MASK_AT = 15;

function protectedIds(directory: Directory, { sid, configurationDn }: DomainInfo): Set<number> {
  const service = `CN=Directory Service,CN=Windows NT,CN=Services,${configurationDn}`;
  const heuristics = directory.find(service)?.text('dSHeuristics') ?? '';
  const mask = Number.parseInt(heuristics.charAt(MASK_AT), 16) || 0;
  const excluded = EXCLUSIONS.filter(([bit]) => (mask & bit) !== 0).map(([, rid]) => rid);
  const groups: Sid[] = [
    ...POWERFUL.map((rid) => withRid(sid, rid)),
    ...POWERFUL_BUILTIN.filter((rid) => !excluded.includes(rid)).map((rid) =>
      withRid(BUILTIN, rid),
    ),
  ];
  const ids = new Set<number>();
  for (const group of groups) add(ids, directory.find({ sid: group }));
  // A set that grows is walked to its last member.
  const link = directory.known.member.linkId ?? 0;
  for (const id of ids) {
    const entry = directory.view.entry(id);
    if (entry === undefined) continue;
    for (const member of directory.view.linksFrom(entry, link)) {
      if (ids.size >= MAX_CLOSURE) break;
      ids.add(member);
    }
  }
  for (const rid of ALONE) add(ids, directory.find({ sid: withRid(sid, rid) }));
  return ids;
}

function add(ids: Set<number>, entry: Entry | undefined): void {
  if (entry !== undefined) ids.add(entry.id);
}

/** Users, and groups that are more than lists of addresses. */
function isPrincipal(entry: Entry): boolean {
  const classes = entry.values('objectClass');
  if (classes.includes('user')) return true;
  return classes.includes('group') && (Number(entry.text('groupType')) & GroupType.security) !== 0;
}

/** What of a descriptor is guarded: the audit list is inherited from wherever the entry is. */
function isGuarded(entry: Entry, wanted: SecurityDescriptor): boolean {
  const bytes = entry.bytes('nTSecurityDescriptor');
  if (bytes === undefined) return false;
  return Buffer.compare(guarded(decodeDescriptor(bytes)), guarded(wanted)) === 0;
}

function guarded({ control, owner, group, dacl }: SecurityDescriptor): Uint8Array {
  return encodeDescriptor({
    control: control & Control.daclProtected,
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
    ...(dacl === undefined ? {} : { dacl }),
  });
}

function guard(writer: DirectoryWriter, id: number, descriptor: Uint8Array): void {
  if (writer.find({ id }) === undefined) return;
  writer.modify(
    { id },
    [
      { operation: 'replace', attribute: 'nTSecurityDescriptor', values: [descriptor] },
      { operation: 'replace', attribute: 'adminCount', values: ['1'] },
    ],
    { system: true },
  );
}

import type { Account, Principal } from '@doublehop/admin/account';
import { applyChanges } from '@doublehop/admin/apply';
import type { DomainConnection } from '@doublehop/admin/connection';
import { type Edit, planEdits } from '@doublehop/admin/plan';
import { resolvePrincipal, resolveTarget } from '@doublehop/admin/resolve';
import { changeSentences } from '@doublehop/admin/sentences';
import { type GrantReport, showGrants } from '@doublehop/admin/show';
import { findTargets, type Sweep } from '@doublehop/admin/targets';
import { formatAccessRule } from '@doublehop/delegation/describe-ace';
import { domainDn, type Scenario } from '../scenario.ts';
import type { Person } from './actors.ts';
import { type HopAnswer, readHop, readWhoAmI } from './answers.ts';
import type { Teller, Told } from './told.ts';

/** Who and what the scenes act on. */
export interface Cast {
  readonly scenario: Scenario;
  readonly alice: Person;
  readonly directory: DomainConnection;
  /** `klist purge -li 0x3e7` on a host; returns what it removed, in words. */
  readonly purge: (host: string) => Promise<string>;
  /** DelegationMode of the last hop for a user that the KDC allowed, from its audit log. */
  readonly lastMode: () => Promise<string>;
  readonly tell: Teller;
}

/** The folder of the article's sweep. */
const SWEEP_OU = 'OU=Servers,OU=NA';
const THREE = ['ServerB1', 'ServerB2', 'ServerB3'] as const;

/** 1: a first hop needs no delegation. */
export async function firstHop({ alice, scenario, tell }: Cast): Promise<void> {
  const saw = readWhoAmI(await alice.call('ServerB', '/whoami'));
  const expected = `${scenario.netbiosName}\\alice`;
  tell({
    title: 'Alice at ServerA calls ServerB',
    asked: 'a ticket for HTTP/serverb of the KDC; then GET /whoami with it (HTTP Negotiate)',
    came: `ServerB saw ${saw.user}`,
    why: 'the ticket proves who comes: one hop needs no delegation',
    shown: [],
    ok: saw.user === expected && saw.via.length === 0,
  });
}

/** 2: the second hop, before anybody allowed it. */
export async function refusedHop({ alice, tell }: Cast): Promise<void> {
  const answer = await hop(alice, 'ServerB', 'ServerC');
  tell({
    title: 'ServerB asks for ServerC as Alice',
    asked: "S4U2Proxy: Alice's ticket to ServerB as evidence, HTTP/serverc as target",
    came: describe(answer),
    why: 'SERVERC$ does not list SERVERB$ in msDS-AllowedToActOnBehalfOfOtherIdentity',
    shown: [],
    ok: refusedWith(answer, 'KDC_ERR_BADOPTION', 'STATUS_NOT_FOUND'),
  });
}

/** 3: the grant, and the attribute read back both ways. */
export async function grant(cast: Cast): Promise<void> {
  const { directory, tell, scenario } = cast;
  const sentences = await edit(cast, ['ServerC'], 'grant', ['ServerB']);
  const report = await show(directory, 'ServerC');
  const [rule] = report.rules;
  const identity = `${scenario.netbiosName}\\SERVERB$`;
  tell({
    title: 'An administrator grants: --middle ServerB --target ServerC',
    asked: "LDAP modify of ServerC's account, signed and sealed with Kerberos",
    came: sentences.join('; '),
    why: 'the owner of the target decides who may act for users towards it',
    shown: [
      ...(rule === undefined ? [] : formatAccessRule(rule)),
      `PrincipalsAllowedToDelegateToAccount : ${principalsOf(report).join(', ')}`,
    ],
    ok:
      rule?.ActiveDirectoryRights === 'GenericAll' &&
      rule.AccessControlType === 'Allow' &&
      rule.IdentityReference === identity &&
      !rule.IsInherited &&
      report.principals.length === 1,
  });
}

/** 4: the refusal that is remembered. */
export async function rememberedRefusal({ alice, tell }: Cast): Promise<void> {
  const answer = await hop(alice, 'ServerB', 'ServerC');
  const until = answer.reached ? '' : answer.refused.until;
  tell({
    title: 'The hop is still refused',
    asked: "the same again; ServerB's LSA answers without asking the KDC",
    came: describe(answer),
    why: `a negative S4U entry of ServerB's own, 15 minutes, until ${clockTime(until)}`,
    shown: [],
    ok: !answer.reached && until !== '',
  });
}

/** 5: the purge, and the hop. */
export async function purgedHop({ alice, purge, lastMode, tell, scenario }: Cast): Promise<void> {
  const purged = await purge('ServerB');
  const answer = await hop(alice, 'ServerB', 'ServerC');
  const mode = await lastMode();
  tell({
    title: 'klist purge -li 0x3e7 on ServerB, and again',
    asked: `the purge (${purged}); then the same hop`,
    came: `${describe(answer)} (SERVERB$), by ${mode.toUpperCase()}`,
    why: "the KDC now finds SERVERB$ in ServerC's list; the ticket tells the way it came",
    shown: [],
    ok: reachedBy(answer, `${scenario.netbiosName}\\alice`, 'serverb') && mode === 'rbcd',
  });
}

/** 6a: several middles on one target. */
export async function severalMiddles(cast: Cast): Promise<void> {
  const { alice, directory, purge, tell, scenario } = cast;
  const sentences = await edit(cast, ['ServerC'], 'set', THREE);
  const report = await show(directory, 'ServerC');
  const user = `${scenario.netbiosName}\\alice`;
  const hops = await Promise.all(
    THREE.map(async (middle) =>
      reachedBy(await hop(alice, middle, 'ServerC'), user, middle.toLowerCase()),
    ),
  );
  const before = await hop(alice, 'ServerB', 'ServerC');
  await purge('ServerB');
  const after = await hop(alice, 'ServerB', 'ServerC');
  tell({
    title: 'An array of three middles on one target: set --middle ServerB1,ServerB2,ServerB3',
    asked: 'one write of the whole list; then the hop through each, and through ServerB',
    came: `${principalsOf(report).join(', ')}; ${hops.filter(Boolean).length} of 3 reach ServerC`,
    why: 'set replaces the list: ServerB is out, but may use its ticket for 15 minutes',
    shown: [...sentences, `ServerB, after a purge: ${describe(after)}`],
    ok:
      hops.every(Boolean) &&
      report.principals.length === 3 &&
      before.reached &&
      refusedWith(after, 'KDC_ERR_BADOPTION', 'STATUS_NOT_FOUND'),
  });
}

/** 6b: a jump box towards every server of a folder. */
export async function sweep(cast: Cast): Promise<void> {
  const { alice, directory, tell, scenario } = cast;
  const base = `${SWEEP_OU},${domainDn(scenario)}`;
  const targets = await found(directory, { base });
  const middle = await resolvePrincipal(directory, 'JumpBox');
  const plan = planEdits(targets, { kind: 'grant', middles: [middle] });
  const report = await applyChanges(directory, plan.changes);
  const servers = plan.changes.map(({ target }) => target.name.replace('$', ''));
  const user = `${scenario.netbiosName}\\alice`;
  const reached = await Promise.all(
    servers.map(async (server) => reachedBy(await hop(alice, 'JumpBox', server), user, 'jumpbox')),
  );
  const count = reached.filter(Boolean).length;
  tell({
    title: `A sweep: grant --middle JumpBox --search-base '${SWEEP_OU},…'`,
    asked: 'every computer of the folder and below but the jump box itself',
    came: `${report.done} of ${servers.length} servers changed; the hop reaches ${count}`,
    why: 'the jump box is the middle for all of them; it is never its own target',
    shown: [
      `servers: ${servers.join(', ')}`,
      ...plan.skipped.map(({ target, reason }) => `left alone: ${target.name}: ${reason}`),
    ],
    ok:
      report.failed === 0 &&
      servers.length > 3 &&
      reached.every(Boolean) &&
      plan.skipped.length === 1,
  });
}

/** 6c: undone by clearing the attribute. */
export async function undo(cast: Cast): Promise<void> {
  const { alice, directory, purge, tell } = cast;
  const sentences = await edit(cast, ['ServerC'], 'clear', []);
  const report = await show(directory, 'ServerC');
  await purge('JumpBox');
  const answer = await hop(alice, 'JumpBox', 'ServerC');
  tell({
    title: 'Undo: revoke --all --target ServerC',
    asked: 'the attribute is cleared; then the hop through JumpBox, after a purge',
    came: describe(answer),
    why: 'an absent list allows nobody; other servers of the folder keep theirs',
    shown: sentences,
    ok: report.state === 'absent' && refusedWith(answer, 'KDC_ERR_BADOPTION', 'STATUS_NOT_FOUND'),
  });
}

/** What an earlier play left behind is cleared away: grants and what hosts remember. */
export async function setTheStage({ directory, purge, scenario }: Cast): Promise<void> {
  const targets = await found(directory, {});
  const granted = targets.filter(({ allowedToAct }) => allowedToAct !== undefined);
  const { changes } = planEdits(granted, { kind: 'clear' });
  await applyChanges(directory, changes);
  for (const { name, runs } of scenario.hosts) if (runs) await purge(name);
}

async function found(directory: DomainConnection, wanted: Sweep): Promise<Account[]> {
  const accounts: Account[] = [];
  for await (const account of findTargets(directory, wanted)) accounts.push(account);
  return accounts;
}

/** Grants, sets or clears; returns what that means, in sentences. */
async function edit(
  { directory }: Cast,
  targets: readonly string[],
  kind: Edit['kind'],
  middles: readonly string[],
): Promise<readonly string[]> {
  const principals = await Promise.all(middles.map((name) => resolvePrincipal(directory, name)));
  const accounts = await Promise.all(targets.map((name) => resolveTarget(directory, name)));
  const wanted: Edit = kind === 'clear' ? { kind } : { kind, middles: principals };
  const { changes } = planEdits(accounts, wanted);
  const { outcomes } = await applyChanges(directory, changes);
  for (const outcome of outcomes) if (outcome.state === 'failed') throw outcome.error;
  const named = changes.flatMap(({ removed }) => removed.map(({ sid }) => sid));
  const names = await directory.names.lookUp(named);
  const nameOf = ({ sid, name }: Principal) => names.get(sid)?.name ?? name;
  return changes.flatMap((change) => changeSentences(change, nameOf));
}

async function show(directory: DomainConnection, target: string): Promise<GrantReport> {
  return showGrants(directory, await resolveTarget(directory, target));
}

function principalsOf(report: GrantReport): string[] {
  return report.principals.map(({ dn, display }) => dn ?? display);
}

async function hop(person: Person, middle: string, target: string): Promise<HopAnswer> {
  return readHop(await person.call(middle, `/hop?target=${encodeURIComponent(target)}`));
}

function describe(answer: HopAnswer): Told['came'] {
  if (answer.reached) {
    const { host, user, via } = answer.saw;
    return `${host} saw ${user}, through ${via.join(', ')}`;
  }
  return answer.refused.words;
}

function refusedWith(answer: HopAnswer, error: string, status: string): boolean {
  return !answer.reached && answer.refused.error === error && answer.refused.ntstatus === status;
}

/** The target saw the user, and the one middle through which it came. */
function reachedBy(answer: HopAnswer, user: string, middle: string): boolean {
  if (!answer.reached || answer.saw.user !== user) return false;
  const [last] = answer.saw.via.slice(-1);
  return last?.toLowerCase().includes(middle) ?? false;
}

function clockTime(iso: string): string {
  return iso === '' ? 'an unknown time' : `${iso.split('T')[1]?.slice(0, 8) ?? iso} UTC`;
}

import type { DomainConnection } from '../connection.ts';
import { classicFindings, duplicateFinding } from './classic-findings.ts';
import { type AuditAccount, type AuditList, collect, type CollectOptions } from './collect.ts';
import {
  administratorFindings,
  creatorFindings,
  domainFindings,
  unreadOf,
} from './domain-findings.ts';
import { finding } from './finding.ts';
import { listFindings, ListTexts } from './list-findings.ts';
import { type JudgedList, judgeList, sidsOfLists } from './lists.ts';
import { type AuditReport, type Finding, SEVERITIES, type Unread } from './model.ts';
import { Principals } from './principals.ts';
import { readPrivileged } from './privileged.ts';
import { findDuplicates, findServices, type FoundServices } from './services.ts';
import { blocksOwners, type DomainSettings, readSettings } from './settings.ts';
import { type JudgedDescriptor, writerFindings } from './writer-findings.ts';
import { sidsOfDescriptors, writersOf } from './writers.ts';

export interface AuditOptions extends CollectOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Gets what lists and descriptors came to, for outputs that tell of every account. */
  readonly onJudged?: ((judged: Judged) => void) | undefined;
}

/** What everything that accounts share came to. */
export interface Judged {
  readonly descriptors: readonly JudgedDescriptor[];
  readonly lists: ReadonlyMap<AuditList, JudgedList>;
  readonly services: FoundServices;
  readonly settings: DomainSettings;
}

/**
 * All delegation in a domain: reads every account once, looks up whom they name, and concludes.
 * Equal lists and equal descriptors are judged once, however many accounts have them.
 *
 * Throws AdminError `not-found` for a missing folder, LdapError where the directory fails.
 */
export async function audit(
  connection: DomainConnection,
  options: AuditOptions,
): Promise<AuditReport> {
  const started = options.clock();
  const { domain } = connection;
  const settings = await readSettings(connection);
  const collected = await collect(connection, options);
  const { accounts, lists, descriptors, creators, spns, seen } = collected;
  const principals = new Principals(connection);
  if (options.searchBase === undefined) await principals.takePrimaryGroups(collected.primaryGroups);
  else await principals.readPrimaryGroups();
  const privileged = await readPrivileged(connection, principals);
  await principals.lookUp([
    ...sidsOfLists(lists.values()),
    ...sidsOfDescriptors(descriptors.values()),
    ...creators.keys(),
  ]);
  const services = await findServices(connection, servicesOf(accounts));
  const judged = new Map<AuditList, JudgedList>();
  for (const list of lists.values()) judged.set(list, await judgeList(list, principals));
  const writable: JudgedDescriptor[] = [];
  const blockOwner = blocksOwners(settings);
  for (const class_ of descriptors.values()) {
    const writers = await writersOf(class_, { principals, blockOwner });
    writable.push({ class: class_, writers });
  }
  options.onJudged?.({ descriptors: writable, lists: judged, services, settings });
  const writers = await writerFindings(writable, { principals, privileged });
  const unread = unreadOf(collected, settings, principals);
  const findings: Finding[] = [
    ...domainFindings(domain, settings),
    ...administratorFindings(privileged, accounts),
    ...creatorFindings(creators, principals),
    ...writers,
    ...(await findDuplicates(connection, spns.suspects())).map(duplicateFinding),
    ...unread.map((what) => unreadFinding(connection, what)),
  ];
  const context = { judged, services, principals, settings, texts: new ListTexts() };
  for (const account of accounts) {
    for (const one of accountFindings(account, context)) {
      findings.push(one);
    }
  }
  return {
    domain: domain.dnsName,
    domainSid: domain.sid,
    controller: domain.controller,
    searchBase: options.searchBase,
    started,
    finished: options.clock(),
    counts: {
      computers: seen.computers,
      users: seen.users,
      managedAccounts: seen.managedAccounts,
      lists: accounts.filter(({ list }) => list !== undefined).length,
      distinctLists: lists.size,
      distinctDescriptors: descriptors.size,
    },
    findings: sorted(findings),
    unread,
  };
}

function* accountFindings(
  account: AuditAccount,
  context: {
    readonly judged: ReadonlyMap<AuditList, JudgedList>;
    readonly services: FoundServices;
    readonly principals: Principals;
    readonly settings: DomainSettings;
    readonly texts: ListTexts;
  },
): Generator<Finding> {
  const { judged, services, principals, settings, texts } = context;
  yield* classicFindings(account, services);
  const list = account.list === undefined ? undefined : judged.get(account.list);
  if (list === undefined) return;
  yield* listFindings(account, list, { principals, trusts: settings.trusts, texts });
}

function unreadFinding({ domain }: DomainConnection, { what, consequence }: Unread): Finding {
  return finding('unread', {
    subject: { name: domain.dnsName, dn: domain.namingContext, sid: domain.sid, kind: 'domain' },
    // The same while the same is not told, of however many.
    about: what.replace(/\d+ (\w+?)s?\b/, '$1'),
    sentence: `${what} could not be read: ${consequence}`,
    fix: 'run the audit as an account that may read it, a domain administrator for instance',
  });
}

function* servicesOf(accounts: readonly AuditAccount[]): Generator<string> {
  for (const { services } of accounts) yield* services;
}

/** Worst first, then by rule and name: two runs over the same domain read alike. */
function sorted(findings: Finding[]): readonly Finding[] {
  const rank = (one: Finding): number => SEVERITIES.indexOf(one.severity);
  return findings.sort(
    (a, b) =>
      rank(b) - rank(a) ||
      compare(a.rule, b.rule) ||
      compare(a.subject.name, b.subject.name) ||
      compare(a.id, b.id),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

import { type Command, failure, type Invocation } from '@doublehop/powershell/commands/command';
import { asList } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { isAdministrator } from '../hosts/local-groups.ts';
import { formatKlist, formatSessions, klistReport, sessionReports } from '../lsa/klist.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { groupName } from './sid-names.ts';

type Run = Invocation<HostSession>;

/** Words as a program gets them, dashes and slashes of its own among them. */
const WORDS = { name: 'Words', type: 'object', many: true, position: 0, remaining: true } as const;

/** Programs of Windows that take words and put out lines. */
export const NATIVE_COMMANDS: readonly Command<HostSession>[] = [
  {
    name: 'hostname',
    synopsis: 'Prints the name of the current host.',
    parameters: [],
    run: async ({ session, streams }) => streams.output(session.host.name),
  },
  {
    name: 'ipconfig',
    synopsis: 'Displays the names of the host; it has one adapter.',
    parameters: [WORDS],
    run: async ({ session: { host }, streams }) => {
      const { dnsName } = host.scenario;
      for (const line of [
        '',
        'Windows IP Configuration',
        '',
        `   Host Name . . . . . . . . . . . . : ${host.name}`,
        `   Primary Dns Suffix  . . . . . . . : ${dnsName}`,
        `   DNS Suffix Search List. . . . . . : ${dnsName}`,
        '',
      ]) {
        await streams.output(line);
      }
    },
  },
  {
    name: 'whoami',
    synopsis: 'Displays user and group information of the current user: whoami [/user | /groups].',
    parameters: [WORDS],
    run: async (run) => {
      for (const line of whoAmI(run.session, wordsOf(run))) await run.streams.output(line);
    },
  },
  {
    name: 'klist',
    synopsis: 'Displays Kerberos tickets: klist [-li 0xLUID] [tickets | purge | sessions].',
    parameters: [WORDS, { name: 'li', type: 'object' }],
    run: async (run) => {
      for (const line of await klist(run, wordsOf(run))) await run.streams.output(line);
    },
  },
];

function wordsOf({ bound }: Run): readonly string[] {
  return asList(bound['Words'] ?? null).map((word) => toText(word).toLowerCase());
}

function whoAmI(session: HostSession, words: readonly string[]): readonly string[] {
  const { identity } = session;
  const user = identity.user.toLowerCase();
  const [word, ...more] = words;
  if (word === undefined) return [user];
  if (more.length > 0) throw usage('whoami', more[0] ?? '');
  switch (word) {
    case '/user':
      return section('USER INFORMATION', ['User Name', 'SID'], [[user, identity.sid]]);
    case '/groups':
      return groups(session);
    case '/all':
      return [
        ...section('USER INFORMATION', ['User Name', 'SID'], [[user, identity.sid]]),
        ...groups(session),
      ];
    default:
      throw usage('whoami', word);
  }
}

function groups({ identity, token, host }: HostSession): readonly string[] {
  const sids = [...token.sids].filter((sid) => sid !== identity.sid);
  const rows = sids.map((sid) => {
    const { name, type } = groupName(sid, host.scenario.netbiosName);
    return [name, type, sid, 'Mandatory group, Enabled by default, Enabled group'];
  });
  return section('GROUP INFORMATION', ['Group Name', 'Type', 'SID', 'Attributes'], rows);
}

function section(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' ')
      .trimEnd();
  const rule = widths.map((width) => '='.repeat(width)).join(' ');
  return ['', title, '-'.repeat(title.length), '', line(heads), rule, ...rows.map(line), ''];
}

async function klist(run: Run, words: readonly string[]): Promise<readonly string[]> {
  const { session, bound } = run;
  const { host } = session;
  const { lsa, name } = host;
  const given = words.filter((word) => word !== '-li' && word !== '/li');
  const isWord = given.length < words.length;
  const value = bound['li'] ?? (isWord ? (given.pop() ?? null) : undefined);
  const id = value === undefined ? session.logonId : luidOf(value);
  const [word = 'tickets', ...more] = given;
  if (more.length > 0) throw usage('klist', more[0] ?? '');
  if (id !== session.logonId || word === 'sessions') needAdministrator(session);
  switch (word) {
    case 'tickets':
      return linesOf(formatKlist(await klistReport(name, lsa, id)));
    case 'purge': {
      const { user } = lsa.session(id);
      await lsa.purge(id);
      return ['', `Current LogonId is 0:0x${id.toString(16)} (${user})`].concat(
        '\tDeleting all tickets:',
        '\tTicket(s) purged!',
      );
    }
    case 'sessions':
      return linesOf(formatSessions(name, sessionReports(lsa)));
    default:
      throw usage('klist', word);
  }
}

/** `0x3e7`, or `3e7`: klist's numbers are hexadecimal, but PowerShell may have read them first. */
function luidOf(value: PsValue): number {
  const text = toText(value);
  const id = typeof value === 'number' ? value : Number.parseInt(text.replace(/^0x/iu, ''), 16);
  if (Number.isSafeInteger(id) && id > 0) return id;
  throw failure(`klist: ${text} is no logon ID`, 'NativeCommandError', 'InvalidArgument', text);
}

/** Tickets of others are for who has SeTcbPrivilege, which administrators can give themselves. */
function needAdministrator({ token }: HostSession): void {
  if (isAdministrator(token)) return;
  const message = 'Error calling API LsaCallAuthenticationPackage: 0xc0000022 (access is denied)';
  throw failure(`klist: ${message}`, 'NativeCommandError', 'PermissionDenied');
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/u, '').split('\n');
}

function usage(program: string, word: string): Error {
  const message = `${program}: "${word}" is not understood`;
  return failure(message, 'NativeCommandError', 'InvalidArgument', word);
}

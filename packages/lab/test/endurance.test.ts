// A day of remoting on one host, with a clock and timers that the test moves: what thousands of
// sessions leave behind, however they ended.
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { AcceptedContext } from '@doublehop/kerberos/gss/acceptor';
import { KerberosContext } from '@doublehop/kerberos/gss/context';
import { formatPrincipal } from '@doublehop/kerberos/names';
import type { Command } from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import { SecureText } from '@doublehop/powershell/objects/value';
import type { RemoteRequest, RemoteSession } from '@doublehop/remoting/client/remote-session';
import { SessionKey } from '@doublehop/remoting/psrp/secure-string';
import { afterEach, expect, test, vi } from 'vitest';
import { LabError } from '../src/errors.ts';
import { LogonId } from '../src/lsa/lsa.ts';
import type { CallerKind } from '../src/sessions/credential.ts';
import type { HostSession } from '../src/sessions/host-session.ts';
import { MINUTE, service, TestDomain } from './support/domain.ts';
import { type DayClient, type DayHost, startDayHost } from './support/day-host.ts';
import { TestTime } from './support/test-time.ts';
import { command, outputOf } from './support/win-rm.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEP = 20 * MINUTE;
/** What clients ask for their sessions: shorter than the service's two hours. */
const IDLE = 25 * MINUTE;

afterEach(() => {
  vi.restoreAllMocks();
  Reflect.deleteProperty(AcceptedContext.prototype, 'unwrap');
});

/** Every buffer with a secret of the host's that the test got hold of. */
class Secrets {
  readonly contexts = new Set<AcceptedContext>();
  readonly keys = new Set<Uint8Array>();
  readonly #texts = vi.spyOn(SecureText.prototype, 'revealText');
  readonly #passwords = vi.spyOn(SecureText.prototype, 'reveal');
  readonly #sessionKeys = vi.spyOn(SessionKey, 'random');

  constructor() {
    const seen = this.contexts;
    Object.defineProperty(AcceptedContext.prototype, 'unwrap', {
      configurable: true,
      value(this: AcceptedContext, token: Uint8Array) {
        // The directory's own are none of the host's.
        if (this.acceptance.server.name.nameString[0] !== 'ldap') seen.add(this);
        return KerberosContext.prototype.unwrap.call(this, token);
      },
    });
  }

  /** Passwords that the host has read; those of the people at their own computers stay theirs. */
  passwords(theirs: readonly SecureText[]): SecureText[] {
    const read: unknown[] = [...this.#texts.mock.contexts, ...this.#passwords.mock.contexts];
    const texts = read.filter((one) => one instanceof SecureText);
    return [...new Set(texts)].filter((one) => !theirs.includes(one));
  }

  get sessionKeys(): SessionKey[] {
    return this.#sessionKeys.mock.results.flatMap(({ type, value }) =>
      type === 'return' ? [value] : [],
    );
  }

  /** Looks into the LSA for keys of users. */
  async look({ host }: DayHost): Promise<void> {
    const { lsa } = host;
    for (const { id } of lsa.sessions()) {
      if (id === LogonId.SYSTEM || id === LogonId.NETWORK_SERVICE) continue;
      for (const { key } of await lsa.tickets(id)) this.keys.add(key.bytes);
    }
    for (const { key } of lsa.s4uTickets()) this.keys.add(key.bytes);
  }
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((octet) => octet === 0);

/** Commands that have begun and not ended. */
let running = 0;

/** Goes on to another computer, or stays until somebody stops it. */
const probe: Command<HostSession> = {
  name: 'Get-Probe',
  synopsis: 'Goes on to another computer.',
  parameters: [
    { name: 'To', type: 'string', position: 0 },
    { name: 'Secret', type: 'object', position: 1 },
  ],
  run: async ({ session, bound, streams, signal }) => {
    running += 1;
    try {
      const { To: to, Secret: secret } = bound;
      if (secret instanceof SecureText) secret.reveal();
      if (to === 'nowhere') await stopped(signal);
      const caller: CallerKind =
        session.credentialKind === 'evidence' ? 'redirector' : 'in-session';
      const target = service(to === 'ServerA' ? to : 'ServerC', 'cifs');
      const ticket = await session.ticketFor(caller, target).then(
        ({ client }) => client.name.nameString.join('/'),
        (error: unknown) => (error instanceof LabError ? error.code : Promise.reject(error)),
      );
      await streams.output(ticket);
    } finally {
      running -= 1;
    }
  },
};

async function stopped(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
  signal.throwIfAborted();
}

/** How a session ends. */
type Ending = 'closed' | 'dropped' | 'left' | 'idle' | 'dropped at work' | 'left at work';
const ENDINGS: readonly Ending[] = [
  'closed',
  'dropped',
  'left',
  'idle',
  'dropped at work',
  'left at work',
];

async function end(client: DayClient, ending: Ending): Promise<void> {
  const { session } = client;
  const isAtWork = ending.endsWith('at work');
  // It is stopped, or its connection ends: nobody waits for it.
  if (isAtWork) void working(session, command('Get-Probe', 'nowhere'));
  if (isAtWork) await vi.waitFor(() => expect(running).toBeGreaterThan(0), { interval: 1 });
  if (ending === 'closed') await session.close();
  else if (ending.startsWith('left')) await client.leave();
  if (ending !== 'idle') client.drop();
}

async function working(session: RemoteSession, request: RemoteRequest): Promise<void> {
  await outputOf(session, request).catch(() => undefined);
}

test('a day of sessions leaves no shell, logon, ticket, timer or key', async () => {
  running = 0;
  const domain = await TestDomain.make();
  await domain.grant('ServerC', 'ServerB');
  const time = new TestTime(domain);
  const secrets = new Secrets();
  const day = await startDayHost(domain, time, [probe]);
  const { host, endpoint } = day;
  const opened = new Map<string, number>();
  const answers = new Set<string>();
  const idle: DayClient[] = [];
  let person: KerberosClient | undefined;
  for (let step = 0; step < DAY / STEP; step += 1) {
    // Tickets last ten hours; the person at ServerA logs on again before that.
    if (step % 24 === 0) person = await domain.person('alice');
    if (person === undefined) throw new Error('nobody is logged on');
    for (const [i, kind] of day.kindsAt(step).entries()) {
      const client = await day.open(kind, person, { idleTimeout: IDLE });
      const ending = ENDINGS[(step + i) % ENDINGS.length] ?? 'closed';
      opened.set(ending, (opened.get(ending) ?? 0) + 1);
      if ((step + i) % 2 === 0) {
        const to = (7 * step + 3 * i) % 5 < 3 ? 'ServerA' : 'ServerC';
        const secret = i % 4 === 0 ? day.theirs : [];
        const said = await outputOf(client.session, command('Get-Probe', to, ...secret));
        answers.add(`${kind} to ${to}: ${said.map(toText).join()}`);
      }
      await end(client, ending);
      if (ending === 'idle') idle.push(client);
    }
    await secrets.look(day);
    await time.pass(STEP);
  }

  // They came in every way, went on where they could, and ended in every way.
  expect([...answers].sort()).toEqual(EXPECTED);
  expect([...opened.keys()].sort()).toEqual([...ENDINGS].sort());
  expect([...opened.values()].reduce((sum, count) => sum + count)).toBeGreaterThan(1000);
  // By now, what is open is what nobody has closed within the last idle time.
  expect(endpoint.shells).toBeLessThan(100);

  await time.pass(2 * HOUR);
  expect(endpoint.shells).toBe(0);
  expect(running).toBe(0);
  expect(host.sessions.size).toBe(0);
  expect(host.lsa.sessions().map(({ id }) => id)).toEqual([
    LogonId.SYSTEM,
    LogonId.NETWORK_SERVICE,
  ]);
  expect(host.lsa.s4uTickets()).toEqual([]);
  expect(host.lsa.negative(LogonId.SYSTEM)).toEqual({ spn: [], s4u: [] });
  // What was idle has its connections still.
  for (const client of idle) client.drop();
  await vi.waitFor(async () => expect(await connectionsOf(endpoint)).toBe(0), { interval: 5 });
  // The endpoint's next look for idle shells; the LSA has nothing that a timer is for.
  expect(time.size).toBe(1);

  expect(secrets.keys.size).toBeGreaterThan(500);
  expect([...secrets.keys].filter((key) => !isZero(key))).toEqual([]);
  expect(secrets.contexts.size).toBeGreaterThan(900);
  const open = [...secrets.contexts].filter(
    ({ key, acceptance: { ticketPart, delegated } }) =>
      ![key.bytes(), ticketPart.key.keyvalue, delegated?.key.bytes ?? ZERO].every(isZero),
  );
  expect(open.map(({ acceptance }) => formatPrincipal(acceptance.server))).toEqual([]);
  const passwords = secrets.passwords(day.theirs);
  expect(passwords.length).toBeGreaterThan(200);
  expect(passwords.filter((password) => !isZero(password.reveal()))).toEqual([]);
  expect(secrets.sessionKeys.length).toBeGreaterThan(100);
  for (const key of secrets.sessionKeys) expect(() => key.seal(ZERO)).toThrow('is wiped');

  await endpoint.close();
  host.shutDown();
  expect(time.size).toBe(0);
  expect(host.lsa.sessions()).toEqual([]);
  expect(domain.log).toEqual([]);
});

const ZERO = new Uint8Array(2);

/** Who got what on the way: the broker goes where ServerB was let, passwords and TGTs anywhere. */
const EXPECTED = [
  'basic to ServerA: alice',
  'basic to ServerC: alice',
  'credssp to ServerA: alice',
  'credssp to ServerC: alice',
  'delegated to ServerA: alice',
  'delegated to ServerC: alice',
  'kerberos to ServerA: negative-cache',
  'kerberos to ServerA: refused',
  'kerberos to ServerC: alice',
  'managed to ServerA: gmsa$',
  'managed to ServerC: gmsa$',
  'runas to ServerA: alice',
  'runas to ServerC: alice',
  'virtual to ServerA: SERVERB$',
  'virtual to ServerC: SERVERB$',
];

async function connectionsOf({ http, https }: DayHost['endpoint']): Promise<number> {
  const counts = [http, https].map(
    (server) =>
      new Promise<number>((resolve, reject) => {
        if (server === undefined) return resolve(0);
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

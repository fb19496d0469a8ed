import { pooledRandom } from '@doublehop/crypto/random';
import { Accounts } from '@doublehop/directory/accounts';
import { checkStore } from '@doublehop/directory/check/check';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import type { Record } from '@doublehop/directory/store/store';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { setPassword } from '@doublehop/domain-controller/directory-keys';
import { DEFAULT_KDC_SETTINGS } from '@doublehop/domain-controller/kdc/settings';
import type { Caller, LdapContext, Session } from '@doublehop/domain-controller/ldap/context';
import { directoryHandler } from '@doublehop/domain-controller/ldap/handler';
import { callerOf } from '@doublehop/domain-controller/ldap/logon';
import { SaslBinds } from '@doublehop/domain-controller/ldap/sasl-binds';
import { DEFAULT_LDAP_SETTINGS } from '@doublehop/domain-controller/ldap/settings';
import { OperationInProgress } from '@doublehop/ldap/server/operation';
import { performRequest, type Performance, type Request } from '@doublehop/ldap/server/perform';
import type { Guid } from '@doublehop/security/guid';
import { Random } from '../random.ts';
import type { FuzzTarget } from '../targets.ts';
import {
  FIELD,
  INSTRUCTION,
  MAX_INSTRUCTIONS,
  PLANTED,
  programOf,
  type Step,
} from './update-program.ts';

const NOW = Date.UTC(2026, 10, 22, 17);
const clock = (): number => NOW;
const random = pooledRandom();
const USER = `CN=someone,CN=Users,DC=contoso,DC=com`;

/** Requests of one connection, for as long as no answer is read from it. */
const REQUESTS: ReadonlySet<string> = new Set<Request['kind']>([
  'searchRequest',
  'modifyRequest',
  'addRequest',
  'deleteRequest',
  'modifyDnRequest',
  'compareRequest',
  'extendedRequest',
]);

/**
 * Sequences of adds, changes, renames, deletes and reanimations on a new domain, some of them
 * malformed, some at the same time: each is answered, and what is left fits together.
 */
export async function updateTargets(): Promise<readonly FuzzTarget[]> {
  const records = await makeDomain();
  return [
    {
      name: 'ldap-updates',
      seeds: seeds(),
      run: (input) => play(records, input),
      refuses: [],
      short: 8,
    },
  ];
}

/** Programs, any: which octets are good ones shows while they run. */
function seeds(): readonly Uint8Array[] {
  return [1, 2, 3].map((seed) => {
    const octets = new Random(seed);
    return Uint8Array.from({ length: MAX_INSTRUCTIONS * INSTRUCTION }, () => octets.below(256));
  });
}

/** The records of a new domain with an administrator, a user and an empty unit. */
async function makeDomain(): Promise<readonly Record[]> {
  const store = memoryStore();
  const directory = new Directory({ store, clock, random });
  const names = { dnsName: 'contoso.com', netbiosName: 'CONTOSO', controllerName: 'DC' };
  const domain = { ...names, administratorPassword: 'Adm1n.istrator' };
  const info = await createDomain(directory, domain, random);
  await directory.add(FIELD, { objectClass: 'organizationalUnit' });
  await directory.add(USER, {
    objectClass: 'user',
    sAMAccountName: 'someone',
    userAccountControl: '512',
  });
  for (const [name, objectClass] of PLANTED) {
    // oxlint-disable-next-line no-await-in-loop
    await directory.add(`${name},${FIELD}`, { objectClass });
  }
  await setPassword(directory, info, USER, 'Passw0rd.1');
  return [...store.range({})];
}

async function play(records: readonly Record[], input: Uint8Array): Promise<void> {
  const store = memoryStore();
  await store.write((tx) => {
    for (const { key, value } of records) tx.put(key, value);
  });
  const directory = new Directory({ store, clock, random });
  const server = serverOf(directory);
  const known = PLANTED.map(([name]) => directory.get(`${name},${FIELD}`).guid);
  let running: Promise<void>[] = [];
  for (const step of programOf(input, known)) {
    running.push(server(step));
    if (!step.alone) continue;
    // What a step does to the domain decides what the next one means.
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all(running.splice(0));
    const { kind, value } = step.operation;
    const made = kind === 'addRequest' ? found(directory, value.entry) : undefined;
    if (made !== undefined) known.push(made);
  }
  await Promise.all(running);
  await directory.settle();
  const [finding] = checkStore(store);
  if (finding !== undefined) throw new Error(JSON.stringify(finding));
  await store.close();
}

function found(directory: Directory, name: string): Guid | undefined {
  try {
    return directory.find(name)?.guid;
  } catch {
    return undefined;
  }
}

/** Performs requests as the connections of three clients would; throws what is a defect. */
function serverOf(directory: Directory): (step: Step) => Promise<void> {
  const { domain } = directory;
  if (domain === undefined) throw new TypeError('there is no domain');
  const accounts = new Accounts(directory);
  const context: LdapContext = {
    directory,
    accounts,
    domain: { ...domain, controller: 'DC' },
    settings: DEFAULT_KDC_SETTINGS,
    clock,
    random,
  };
  const handler = directoryHandler(context, new SaslBinds(context, DEFAULT_LDAP_SETTINGS));
  const output = { send() {}, congested: false, drained: () => Promise.resolve() };
  const performances = ['administrator', 'someone', undefined].map(
    (name): Performance<Caller> => ({
      handler,
      session: sessionOf(context, name),
      output,
      searchTimeout: 10_000,
    }),
  );
  return async ({ caller, operation, controls }) => {
    const performance = performances[caller];
    if (performance === undefined || !isRequest(operation)) return;
    const progress = new OperationInProgress(1, controls, 0);
    const { bug } = await performRequest(operation, progress, performance);
    if (bug !== undefined) throw new Error('a defect', { cause: bug });
  };
}

function isRequest(operation: Step['operation']): operation is Request {
  return REQUESTS.has(operation.kind);
}

function sessionOf(context: LdapContext, name: string | undefined): Session {
  const account = name === undefined ? undefined : context.accounts.byName(name);
  return {
    id: 1,
    remoteAddress: '192.0.2.7',
    remotePort: 50_000,
    localAddress: '192.0.2.1',
    localPort: 636,
    globalCatalog: false,
    identity: account === undefined ? undefined : callerOf(context, account),
    tls: true,
    layer: 'none',
    confidential: true,
    channelBinding: undefined,
  };
}

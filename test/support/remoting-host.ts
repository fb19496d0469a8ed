// Our remoting endpoint as ServerB of the CONTOSO domain, for foreign clients.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { selfSignedCertificate } from '@doublehop/domain-controller/tls/self-signed';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import type { AcceptedContext } from '@doublehop/kerberos/gss/acceptor';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { keytabKeys, type ServiceKeys } from '@doublehop/kerberos/gss/service-keys';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { formatPrincipal, parsePrincipal, principal } from '@doublehop/kerberos/names';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { identityOf, identityOfOwnTicket, type UserIdentity } from '@doublehop/lab/hosts/identity';
import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import { type Command, failure } from '@doublehop/powershell/commands/command';
import type { LanguageMode } from '@doublehop/powershell/language/interpreter';
import { customObject, PsObject, SecureText } from '@doublehop/powershell/objects/value';
import { credSspServerScheme } from '@doublehop/remoting/credssp/server';
import { createEndpoint, type Endpoint } from '@doublehop/remoting/endpoint/endpoint';
import { RemotingError } from '@doublehop/remoting/errors';
import { gssServerSchemes } from '@doublehop/remoting/http/gss-scheme';
import { basicServerScheme } from '@doublehop/remoting/http/password-scheme';
import { newGuid } from '@doublehop/remoting/psrp/new-guid';
import { accessDenied } from '@doublehop/remoting/wsman/faults';
import type { ShellOwner } from '@doublehop/remoting/wsman/shell-backend';
import { type Contoso, REALM } from './contoso.ts';
import { clientOf } from './kerberos-client.ts';

/** Who is in a session, and what came with the logon. */
export interface RemotingCaller extends ShellOwner {
  /** How the caller authenticated. */
  readonly by: 'ticket' | 'password';
  /** The TGT that was forwarded. */
  readonly delegated?: Credentials;
}

/** The running endpoint, in this process. */
export interface RemotingHost {
  readonly host: string;
  readonly address: string;
  /** PEM file of the certificate of HTTPS. */
  readonly caFile: string;
  readonly endpoint: Endpoint;
  readonly log: string[];
  readonly stop: () => Promise<void>;
}

const NAME = 'serverb';
const HOST = `${NAME}.contoso.com`;

/** Ports of WinRM. */
export const HTTP_PORT = 5985;
export const HTTPS_PORT = 5986;

/** Session configurations, by lower-case name. */
const MODES: ReadonlyMap<string, LanguageMode> = new Map<string, LanguageMode>([
  ['microsoft.powershell', 'FullSubset'],
  ['restricted', 'Restricted'],
  ['jearole', 'None'],
  ['closed', 'None'],
]);

/** Starts it on the domain's address, with HTTP and HTTPS on WinRM's ports. */
export async function startRemotingHost(dir: string, contoso: Contoso): Promise<RemotingHost> {
  const random = pooledRandom();
  const clock = (): number => Date.now();
  const keys = keytabKeys(await readKeytab(contoso.keytab(NAME)));
  const acceptor = { keys, replayCache: memoryReplayCache(), clock, random };
  const tls = selfSignedCertificate({ names: [HOST, contoso.address], now: clock(), random });
  const caFile = join(dir, 'serverb.pem');
  writeFileSync(caFile, tls.cert);
  const log: string[] = [];
  const logOn = async (user: string, password: string): Promise<RemotingCaller> => {
    const found = await passwordIdentity(contoso, user, password, keys);
    return { name: found.user, sid: found.sid, by: 'password' };
  };
  const endpoint = createEndpoint<RemotingCaller, RemotingCaller>({
    schemes: [
      ...gssServerSchemes<RemotingCaller>({
        acceptor,
        bindingPolicy: 'ignore-if-absent',
        authorize: (context) => {
          const { user, sid } = identityIn(context, keys);
          const { delegated } = context.acceptance;
          return { name: user, sid, by: 'ticket', ...(delegated !== undefined && { delegated }) };
        },
      }),
      credSspServerScheme<RemotingCaller>({
        acceptor,
        tls,
        logOn: async ({ domain, user, password }, context) => {
          const name = user.includes('@') ? user : `${user}@${domain}`;
          const caller = await logOn(name, password.revealText());
          const { sid } = identityIn(context, keys);
          if (sid !== caller.sid) throw new RemotingError('authentication', 'two people');
          return caller;
        },
      }),
      basicServerScheme(logOn),
    ],
    configuration: (name) => {
      const languageMode = MODES.get(name.toLowerCase());
      if (languageMode === undefined) return undefined;
      return {
        name,
        open: async ({ caller }) => {
          if (name.toLowerCase() === 'closed') throw accessDenied();
          return { session: caller, commands, languageMode, close: () => undefined };
        },
      };
    },
    machine: HOST,
    tls,
    clock,
    timer: (milliseconds, act) => {
      const timeout = setTimeout(act, milliseconds);
      return () => clearTimeout(timeout);
    },
    random,
    newId: () => newGuid(random).toUpperCase(),
    product: { vendor: 'doublehop', version: '0' },
    log: (line) => log.push(line),
  });
  await listen(endpoint, contoso.address);
  return {
    host: HOST,
    address: contoso.address,
    caFile,
    endpoint,
    log,
    stop: () => endpoint.close(),
  };
}

async function listen({ http, https }: Endpoint, address: string): Promise<void> {
  await new Promise<void>((resolve) => {
    http.listen(HTTP_PORT, address, resolve);
  });
  await new Promise<void>((resolve) => {
    https?.listen(HTTPS_PORT, address, resolve);
  });
}

function identityIn({ peer, acceptance }: AcceptedContext, keys: ServiceKeys): UserIdentity {
  return identityOf({ ...acceptance, principal: peer }, keys);
}

/** Proves a password by an AS exchange, and that the KDC is the domain's by a ticket to here. */
async function passwordIdentity(
  contoso: Contoso,
  user: string,
  password: string,
  keys: ServiceKeys,
): Promise<UserIdentity> {
  const name = user.replace(/^.*\\/u, '').replace(/@.*$/u, '');
  try {
    const client = clientOf(contoso);
    await client.login(principal(REALM, NameType.PRINCIPAL, name), { kind: 'password', password });
    const ticket = await client.getServiceTicket(parsePrincipal(`HTTP/${HOST}`, REALM));
    return identityOfOwnTicket(ticket, keys);
  } catch (cause) {
    if (!(cause instanceof KerberosError)) throw cause;
    throw new RemotingError('authentication', `${name}: ${cause.message}`, { cause });
  }
}

const commands: readonly Command<RemotingCaller>[] = [
  {
    name: 'whoami',
    synopsis: 'Who called.',
    parameters: [],
    run: async ({ session, streams }) => streams.output(session.name.toLowerCase()),
  },
  {
    name: 'Get-Logon',
    synopsis: 'What came with the logon.',
    parameters: [],
    run: async ({ session: { name, by, delegated }, streams }) => {
      const forwarded = delegated === undefined ? null : formatPrincipal(delegated.client);
      await streams.output(customObject({ Name: name, By: by, Forwarded: forwarded }));
    },
  },
  {
    name: 'Get-Everything',
    synopsis: 'Writes to every stream.',
    parameters: [],
    run: async ({ streams }) => {
      await streams.output(customObject({ Name: 'lsass', Id: 640 }));
      await streams.error(failure('went wrong', 'Wrong', 'ReadError', 'x').record);
      await streams.warning('careful');
      await streams.verbose('in detail');
      await streams.debug('in more detail');
      await streams.information('said', ['PSHOST']);
      await streams.progress({
        activity: 'Working',
        activityId: 1,
        statusDescription: 'half',
        percentComplete: 50,
        secondsRemaining: -1,
        completed: false,
      });
    },
  },
  {
    name: 'Get-Failure',
    synopsis: 'Ends with an error.',
    parameters: [],
    run: async () => {
      throw failure('it cannot be', 'Impossible', 'InvalidOperation', 'x');
    },
  },
  {
    name: 'Get-Endless',
    synopsis: 'Does not end by itself.',
    parameters: [],
    run: ({ streams, signal }) =>
      new Promise((_, reject) => {
        void streams.output('started');
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      }),
  },
  {
    name: 'Start-Sleep',
    synopsis: 'Waits.',
    parameters: [{ name: 'Milliseconds', type: 'int', position: 0 }],
    run: ({ bound, signal }) =>
      new Promise((resolve, reject) => {
        const timeout = setTimeout(resolve, Number(bound['Milliseconds']));
        const stop = (): void => {
          clearTimeout(timeout);
          reject(new Error('aborted'));
        };
        signal.addEventListener('abort', stop, { once: true });
      }),
  },
  {
    name: 'Get-Secret',
    synopsis: 'Reverses a password, so that it is seen to have come.',
    parameters: [
      { name: 'Credential', type: 'credential' },
      { name: 'Secret', type: 'object' },
    ],
    run: async ({ bound: { Credential: credential, Secret: given }, streams }) => {
      const found = credential instanceof PsObject ? credential.get('Password') : given;
      const text = found instanceof SecureText ? found.revealText() : 'none';
      await streams.output([...text].toReversed().join(''));
      if (found instanceof SecureText) await streams.output(SecureText.of(`${text} back`));
    },
  },
  {
    name: 'Get-Bytes',
    synopsis: 'Many octets.',
    parameters: [
      { name: 'Count', type: 'int', position: 0 },
      { name: 'Size', type: 'int', position: 1 },
    ],
    run: async ({ bound, streams }) => {
      const block = new Uint8Array(Number(bound['Size'])).fill(7);
      for (let i = 0; i < Number(bound['Count']); i += 1) await streams.output(block);
    },
  },
  ...builtinCommands<RemotingCaller>(() => commands),
];

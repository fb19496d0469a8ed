import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { SecureText } from '@doublehop/powershell/objects/value';
import type { EndpointConfiguration } from '@doublehop/remoting/endpoint/endpoint-session';
import type { Host } from '../hosts/host.ts';
import type { UserIdentity } from '../hosts/identity.ts';
import type { WinRmCaller } from '../remoting/caller.ts';
import { defaultConfiguration } from '../remoting/default-configuration.ts';
import { sessionTools } from '../remoting/session-tools.ts';
import { CONTOSO, fullName, hostAccount, realmOf } from '../scenario.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { openGmsaSession, openRunAsSession, openVirtualSession } from '../sessions/open-session.ts';
import { passwordOf, type Stage } from './stage.ts';

/** How alice gets from ServerA to ServerB. */
export type FirstHop = 'kerberos' | 'kerberos-delegating' | 'credssp';

/** One way to make the second hop, as it is configured and undone. */
export interface Method {
  readonly id: string;
  readonly name: string;
  readonly firstHop: FirstHop;
  /** Session configuration on ServerB; the usual one where absent. */
  readonly configuration?: string;
  /** The nested call brings its own credential. */
  readonly freshCredential?: true;
  readonly setUp: (stage: Stage) => Promise<void>;
  readonly undo: (stage: Stage) => Promise<void>;
}

const SERVER_B = hostAccount('ServerB');
const GMSA = 'jea';
const TRUSTED_FOR_DELEGATION = 0x8_0000;
const TRUSTED_TO_AUTH = 0x100_0000;
const nothing = async (): Promise<void> => {};

/** The methods of the article's table, in its order. */
export const METHODS: readonly Method[] = [
  {
    id: 'computer-account',
    name: "ServerB's computer account granted on ServerC",
    firstHop: 'kerberos',
    setUp: async (stage) => stage.host('ServerC').localGroups.addAdministrator(SERVER_B),
    undo: async (stage) => void stage.host('ServerC').localGroups.removeAdministrator(SERVER_B),
  },
  {
    id: 'credssp',
    name: 'CredSSP',
    firstHop: 'credssp',
    setUp: nothing,
    undo: nothing,
  },
  {
    id: 'run-as',
    name: 'Session configuration with RunAs',
    firstHop: 'kerberos',
    configuration: 'RunAs',
    setUp: nothing,
    undo: nothing,
  },
  {
    id: 'jea-virtual',
    name: 'JEA, virtual account',
    firstHop: 'kerberos',
    configuration: 'JEA-Virtual',
    setUp: async (stage) => stage.host('ServerC').localGroups.addAdministrator(SERVER_B),
    undo: async (stage) => void stage.host('ServerC').localGroups.removeAdministrator(SERVER_B),
  },
  {
    id: 'jea-gmsa',
    name: 'JEA, group managed service account',
    firstHop: 'kerberos',
    configuration: 'JEA-gMSA',
    setUp: async (stage) => {
      await stage.addServiceAccount(GMSA, SERVER_B);
      stage.host('ServerC').localGroups.addAdministrator(`${GMSA}$`);
    },
    undo: async (stage) => {
      stage.host('ServerC').localGroups.removeAdministrator(`${GMSA}$`);
      await stage.directory.write((writer) => writer.remove(stage.account(`${GMSA}$`).dn));
    },
  },
  {
    id: 'using-cred',
    name: 'Fresh credentials: -Credential $using:cred',
    firstHop: 'kerberos',
    freshCredential: true,
    setUp: nothing,
    undo: nothing,
  },
  {
    id: 'kcd-kerberos-only',
    name: 'Constrained delegation, Kerberos only',
    firstHop: 'kerberos',
    setUp: allowServices,
    undo: (stage) => stage.replace(SERVER_B, 'msDS-AllowedToDelegateTo', []),
  },
  {
    id: 'kcd',
    name: 'Constrained delegation, any protocol',
    firstHop: 'kerberos',
    setUp: async (stage) => {
      await allowServices(stage);
      await stage.control(SERVER_B, TRUSTED_TO_AUTH, true);
    },
    undo: async (stage) => {
      await stage.replace(SERVER_B, 'msDS-AllowedToDelegateTo', []);
      await stage.control(SERVER_B, TRUSTED_TO_AUTH, false);
    },
  },
  {
    id: 'unconstrained',
    name: 'Unconstrained delegation',
    firstHop: 'kerberos-delegating',
    setUp: (stage) => stage.control(SERVER_B, TRUSTED_FOR_DELEGATION, true),
    undo: (stage) => stage.control(SERVER_B, TRUSTED_FOR_DELEGATION, false),
  },
  {
    id: 'rbcd',
    name: 'Resource-based constrained delegation',
    firstHop: 'kerberos',
    setUp: (stage) => stage.grant(SERVER_B),
    undo: (stage) => stage.grant(),
  },
];

/** A service is allowed by the very name that is asked for: both names of the server. */
async function allowServices(stage: Stage): Promise<void> {
  const names = ['ServerC', fullName(CONTOSO, 'ServerC')];
  const services = ['cifs', 'HTTP'].flatMap((kind) => names.map((name) => `${kind}/${name}`));
  await stage.replace(SERVER_B, 'msDS-AllowedToDelegateTo', services);
}

type Configuration = EndpointConfiguration<WinRmCaller, HostSession>;

/** What ServerB offers: the usual configuration, and those that run as somebody else. */
export async function configurationsOf(host: Host): Promise<ReadonlyMap<string, Configuration>> {
  const tools = sessionTools();
  const usual = defaultConfiguration(host, tools);
  const running = (
    name: string,
    logOn: (connected: UserIdentity) => Promise<HostSession>,
  ): Configuration => ({
    name,
    open: async ({ caller }) => {
      const session = await logOn(caller.identity);
      return {
        session,
        commands: tools.commands,
        views: tools.views,
        languageMode: 'None',
        close: () => session.logOff(),
      };
    },
  });
  const all = [
    usual,
    running('RunAs', (connected) =>
      openRunAsSession(host, connected, {
        user: principal(realmOf(CONTOSO), NameType.PRINCIPAL, 'Administrator'),
        password: SecureText.of(passwordOf('Administrator')),
      }),
    ),
    running('JEA-Virtual', async (connected) => openVirtualSession(host, connected)),
    running('JEA-gMSA', async (connected) => {
      const { readManagedAccount } = await import('../sessions/managed-account.ts');
      return openGmsaSession(host, connected, await readManagedAccount(host, GMSA));
    }),
  ];
  return new Map(all.map((one) => [one.name.toLowerCase(), one]));
}

import type { KdcTransport } from '@doublehop/kerberos/client/context';
import type { DomainConnection } from '@doublehop/admin/connection';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { type Principal, principal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import type { Command } from '@doublehop/powershell/commands/command';
import { SecureText } from '@doublehop/powershell/objects/value';
import { ConfigurationStore } from '@doublehop/remoting/configurations/store';
import type { RemoteHost } from '@doublehop/remoting/client/remote-session';
import { hostCommands } from '../commands/host-commands.ts';
import { HOST_VIEWS } from '../commands/host-objects.ts';
import { DIRECTORY_VIEWS } from '../directory-commands/ad-object.ts';
import type { DirectoryAccess } from '../directory-commands/access.ts';
import { directoryCommands } from '../directory-commands/directory-commands.ts';
import { labDirectory } from '../directory-commands/lab-directory.ts';
import { configurationsPath, keytabPath, labPaths } from '../folder/paths.ts';
import { needState } from '../folder/state.ts';
import { configurationFile } from '../folder/configuration-file.ts';
import { Host } from '../hosts/host.ts';
import { configurationCommands } from '../remoting/configuration-commands.ts';
import { environmentOf } from '../remoting/default-configuration.ts';
import { userOf } from '../remoting/caller.ts';
import { FABRIKAM, findHost, realmOf, type Scenario } from '../scenario.ts';
import type { System } from '../process/system.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { openPasswordSession } from '../sessions/open-session.ts';
import { type Console, createConsole } from './console.ts';
import { connector, type ConnectorOptions } from './connector.ts';
import { identify } from './identify.ts';
import { labNetwork, locateInLab } from './lab-network.ts';
import type { RemotingState } from './remoting-state.ts';
import type { Connect, PersonCredential } from './target.ts';
import { clientTickets, passwordClient } from './tickets.ts';

/** Who sits where, in which lab. */
export interface LabConsoleOptions extends System {
  /** Folder of the lab. */
  readonly dir: string;
  readonly scenario: Scenario;
  /** The computer: `ServerA`. */
  readonly at: string;
  readonly user: string;
  /** Taken over. */
  readonly password: SecureText;
  readonly askPassword: RemotingState['askPassword'];
  readonly width: number;
  /** Commands of modules beside those of the computer itself. */
  readonly modules?: readonly Command<HostSession>[];
  /** The person, for what remote commands ask. */
  readonly host?: RemoteHost;
}

/**
 * The console of a computer of the lab with somebody logged on: whose tickets are that logon's, in
 * an LSA of this process. Throws LabError `no-lab`, `unknown-host`, `logon-failed`.
 */
export async function openLabConsole(options: LabConsoleOptions): Promise<Console> {
  const { dir, scenario, user, password, askPassword, width, clock, random } = options;
  const paths = labPaths(dir);
  const state = await needState(paths);
  const { name } = findHost(scenario, options.at);
  const config = krb5Config(loadProfile(paths.krb5Conf));
  const transport = configuredExchange(config, { resolver: noResolver, random, clock });
  const keytab = await readKeytab(keytabPath(paths, name));
  const network = labNetwork(scenario, state);
  const host = new Host({ scenario, name, keytab, transport, network, clock, random });
  const person = userOf(scenario, user);
  const kept = new SecureText(password.reveal().slice());
  const kerberos = passwordClient(person, kept, { transport, clock, random });
  const session = await openPasswordSession(host, {
    user: person,
    password,
    type: 'interactive',
  });
  const locate = locateInLab({ scenario, state, paths, clock, random });
  const directory = (
    server: string | undefined,
    credential: PersonCredential | undefined,
  ): Promise<DomainConnection> =>
    labDirectory(server, {
      scenario,
      state,
      kerberos,
      transport,
      config,
      clock,
      random,
      others: [FABRIKAM],
      self: { user, password: kept },
      credential,
    });
  const opened: Console = createConsole<HostSession>({
    computer: name,
    connect: connectorOf(options, { locate, session, transport }),
    identify: async (computer, how) =>
      await identify(await locate({ computer, authentication: 'Default', ...how })),
    askPassword,
    commands: [
      ...hostCommands<HostSession>((one) => one),
      ...moduleCommands(options, {
        directory,
        store: new ConfigurationStore(configurationsPath(paths, name), random),
        variables: (variable) => opened.variable(variable),
      }),
      ...(options.modules ?? []),
    ],
    session,
    views: [...HOST_VIEWS, ...DIRECTORY_VIEWS],
    environment: (variable) => environmentOf(host, session, variable),
    width,
  });
  return {
    ...opened,
    close: async () => {
      await opened.close();
      session.logOff();
      kept.wipe();
    },
  };
}

interface ModuleParts {
  readonly directory: DirectoryAccess['directory'];
  readonly store: ConfigurationStore;
  readonly variables: DirectoryAccess['variables'];
}

/** Commands of the domain, and of the computer's session configurations. */
function moduleCommands(
  { askPassword }: LabConsoleOptions,
  { directory, store, variables }: ModuleParts,
): readonly Command<HostSession>[] {
  return [
    ...directoryCommands<HostSession>(() => ({ directory, variables, askPassword })),
    ...configurationCommands<HostSession>((session) => {
      return { session, store, readFile: configurationFile, askPassword };
    }),
  ];
}

interface ConnectorParts {
  readonly locate: ConnectorOptions['locate'];
  readonly session: HostSession;
  readonly transport: KdcTransport;
}

/** How the console opens sessions: with the logon's tickets, or those of a credential. */
function connectorOf(
  { scenario, clock, random, host }: LabConsoleOptions,
  { locate, session, transport }: ConnectorParts,
): Connect {
  const serverOf = (spn: string): Principal => serviceOf(scenario, spn);
  return connector({
    locate,
    own: {
      getServiceTicket: (spn) => session.ticketFor('in-session', serverOf(spn)),
      getForwardedTicket: (ticket) => session.forwardedTicket(ticket),
    },
    logOn: (other, secret) =>
      clientTickets(
        passwordClient(userOf(scenario, other), secret, { transport, clock, random }),
        serverOf,
      ),
    clock,
    random,
    ...(host !== undefined && { host }),
  });
}

function serviceOf(scenario: Scenario, spn: string): Principal {
  return principal(realmOf(scenario), NameType.SRV_INST, ...spn.split('/'));
}

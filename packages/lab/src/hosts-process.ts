import type { KdcTransport } from '@doublehop/kerberos/client/context';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { type ControlServer, listenControl } from './control/server.ts';
import { LabError } from './errors.ts';
import { keytabPath, type LabPaths, labPaths } from './folder/paths.ts';
import { type HostAddress, type LabState, needState } from './folder/state.ts';
import { Host } from './hosts/host.ts';
import { perform } from './hosts/perform.ts';
import { type FindTarget, isPortTaken, listenWeb, type WebService } from './hosts/web-service.ts';
import { serve, type Service } from './process/handshake.ts';
import type { ProcessSystem } from './process/system.ts';
import { CONTOSO, findHost, type Scenario } from './scenario.ts';

/**
 * The process of all member hosts, each with its LSA and its web service, until SIGTERM. The
 * controller must have started before. Resolves when everything is closed.
 */
export async function runHostsProcess(dir: string, system: ProcessSystem): Promise<void> {
  const paths = labPaths(dir);
  await serve(paths.dir, async () => openHosts(paths, await needState(paths), CONTOSO, system));
}

/** A host whose web service listens. */
interface Member {
  readonly host: Host;
  readonly address: HostAddress;
  readonly web: WebService;
}

async function openHosts(
  paths: LabPaths,
  state: LabState,
  scenario: Scenario,
  system: ProcessSystem,
): Promise<Service> {
  const members = new Map<string, Member>();
  let control: ControlServer | undefined;
  const close = async (): Promise<void> => {
    await control?.close();
    await Promise.all([...members.values()].map(({ web }) => web.close()));
  };
  const memberOf = (name: string): Member => {
    const member = members.get(findHost(scenario, name).name);
    if (member === undefined) throw new LabError('unknown-host', `${name} does not run yet`);
    return member;
  };
  const findTarget: FindTarget = (name) => memberOf(name).address;
  try {
    const transport = transportOf(paths, system);
    for (const address of state.hosts) {
      const { name } = address;
      const keytab = await readKeytab(keytabPath(paths, name));
      const host = new Host({ scenario, name, keytab, transport, ...system });
      const web = await listenAnywhere(host, address, state, findTarget, system);
      members.set(name, { host, address: { ...address, port: web.port }, web });
    }
    const find = (name: string): Host => memberOf(name).host;
    const hosts = { scenario, find, findTarget };
    control = await listenControl(paths.hostsSocket, (request) => perform(hosts, request));
  } catch (error) {
    await close();
    throw error;
  }
  const addresses = [...members.values()].map(({ address }) => address);
  for (const { name, address, port } of addresses)
    system.log(`${name}: HTTP on ${address}:${port}`);
  return {
    report: addresses,
    async close() {
      await close();
      system.log('closed');
    },
  };
}

function transportOf({ krb5Conf }: LabPaths, { random, clock }: ProcessSystem): KdcTransport {
  const config = krb5Config(loadProfile(krb5Conf));
  return configuredExchange(config, { resolver: noResolver, random, clock });
}

/** On the port of last time; on a free one where somebody else has it now. */
async function listenAnywhere(
  host: Host,
  { address, port }: HostAddress,
  { privilegedPorts }: LabState,
  findTarget: FindTarget,
  system: ProcessSystem,
): Promise<WebService> {
  try {
    return await listenWeb(host, { address, port }, findTarget, system);
  } catch (error) {
    if (privilegedPorts || port === 0 || !isPortTaken(error)) throw error;
    return listenWeb(host, { address, port: 0 }, findTarget, system);
  }
}

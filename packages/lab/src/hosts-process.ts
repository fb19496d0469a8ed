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
import { type Network, nameOfHost, type ServiceAddress } from './hosts/network.ts';
import { perform } from './hosts/perform.ts';
import { type FindTarget, isPortTaken, listenWeb, type WebService } from './hosts/web-service.ts';
import { serve, type Service } from './process/handshake.ts';
import type { ProcessSystem } from './process/system.ts';
import { CONTOSO, findHost, type Scenario } from './scenario.ts';
import { type FileService, listenShares } from './shares/share-service.ts';

/**
 * The process of all member hosts, each with its LSA and its web service, until SIGTERM. The
 * controller must have started before. Resolves when everything is closed.
 */
export async function runHostsProcess(dir: string, system: ProcessSystem): Promise<void> {
  const paths = labPaths(dir);
  await serve(paths.dir, async () => openHosts(paths, await needState(paths), CONTOSO, system));
}

/** A host whose services listen. */
interface Member {
  readonly host: Host;
  readonly address: HostAddress;
  readonly web: WebService;
  readonly files: FileService;
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
    const services = [...members.values()].flatMap(({ web, files }) => [web, files]);
    await Promise.all(services.map((service) => service.close()));
    for (const { host } of members.values()) for (const session of host.sessions) session.logOff();
  };
  const memberOf = (name: string): Member => {
    const member = members.get(findHost(scenario, name).name);
    if (member === undefined) throw new LabError('unknown-host', `${name} does not run yet`);
    return member;
  };
  const findTarget: FindTarget = (name) => memberOf(name).address;
  const network: Network = {
    fileServer: (name) => {
      const known = nameOfHost(scenario, name);
      const found = known === undefined ? undefined : members.get(known)?.address;
      return found && { address: found.address, port: found.smbPort };
    },
  };
  try {
    const transport = transportOf(paths, system);
    for (const address of state.hosts) {
      const { name } = address;
      const keytab = await readKeytab(keytabPath(paths, name));
      const host = new Host({ scenario, name, keytab, transport, network, ...system });
      const { port, smbPort } = address;
      const web = await listenAnywhere(address, port, state, (at) =>
        listenWeb(host, at, findTarget, system),
      );
      const files = await listenAnywhere(address, smbPort, state, (at) =>
        listenShares(host, at, system.log),
      ).catch(async (error: unknown) => {
        await web.close();
        throw error;
      });
      const ports = { port: web.port, smbPort: files.port };
      members.set(name, { host, address: { ...address, ...ports }, web, files });
    }
    const find = (name: string): Host => memberOf(name).host;
    const hosts = { scenario, find, findTarget };
    control = await listenControl(paths.hostsSocket, (request) => perform(hosts, request));
  } catch (error) {
    await close();
    throw error;
  }
  const addresses = [...members.values()].map(({ address }) => address);
  for (const { name, address, port, smbPort } of addresses)
    system.log(`${name}: HTTP on ${address}:${port}, SMB on ${address}:${smbPort}`);
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
async function listenAnywhere<T>(
  { address }: HostAddress,
  port: number,
  { privilegedPorts }: LabState,
  listen: (where: ServiceAddress) => Promise<T>,
): Promise<T> {
  try {
    return await listen({ address, port });
  } catch (error) {
    if (privilegedPorts || port === 0 || !isPortTaken(error)) throw error;
    return listen({ address, port: 0 });
  }
}

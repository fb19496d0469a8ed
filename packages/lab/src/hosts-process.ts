import type { KeyAndCertificate } from '@doublehop/domain-controller/tls/self-signed';
import type { KdcTransport } from '@doublehop/kerberos/client/context';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { loadProfile } from '@doublehop/kerberos/config/load';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { type ControlServer, listenControl } from './control/server.ts';
import { LabError } from './errors.ts';
import { administratorsPath, keytabPath, type LabPaths, labPaths } from './folder/paths.ts';
import { type HostAddress, type LabState, needState } from './folder/state.ts';
import { Host } from './hosts/host.ts';
import { keptAdministrators } from './hosts/kept-administrators.ts';
import { type Network, nameOfHost, type ServiceAddress } from './hosts/network.ts';
import { perform } from './hosts/perform.ts';
import { type FindTarget, isPortTaken, listenWeb, type WebService } from './hosts/web-service.ts';
import { serve, type Service } from './process/handshake.ts';
import type { ProcessSystem } from './process/system.ts';
import { listenRemoting, type RemotingService } from './remoting/remoting-service.ts';
import type { WinRmOptions } from './remoting/win-rm.ts';
import { CONTOSO, findHost, fullName, type Scenario } from './scenario.ts';
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
  readonly remoting: RemotingService;
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
    const services = [...members.values()].flatMap(({ web, files, remoting }) => [
      web,
      files,
      remoting,
    ]);
    await Promise.all(services.map((service) => service.close()));
    for (const { host } of members.values()) host.shutDown();
  };
  const memberOf = (name: string): Member => {
    const member = members.get(findHost(scenario, name).name);
    if (member === undefined) throw new LabError('unknown-host', `${name} does not run yet`);
    return member;
  };
  const findTarget: FindTarget = (name) => memberOf(name).address;
  const tls = hostsCertificate(paths, scenario, system);
  const network = networkOf(scenario, state, tls, (name) => members.get(name)?.address);
  try {
    const transport = transportOf(paths, system);
    for (const address of state.hosts) {
      const { name } = address;
      const keytab = await readKeytab(keytabPath(paths, name));
      const administrators = await keptAdministrators(administratorsPath(paths, name));
      const parts = { scenario, name, keytab, transport, network, administrators };
      const host = new Host({ ...parts, ...system });
      members.set(name, await openMember(host, address, { paths, tls, state, findTarget, system }));
    }
    const find = (name: string): Host => memberOf(name).host;
    const hosts = { scenario, find, findTarget };
    control = await listenControl(paths.hostsSocket, (request) => perform(hosts, request));
  } catch (error) {
    await close();
    throw error;
  }
  const addresses = [...members.values()].map(({ address }) => address);
  for (const one of addresses) system.log(portsOf(one));
  return {
    report: addresses,
    async close() {
      await close();
      system.log('closed');
    },
  };
}

/** Where the hosts' services are, as they find each other. */
function networkOf(
  scenario: Scenario,
  { controller }: LabState,
  tls: () => Promise<KeyAndCertificate>,
  addressOf: (name: string) => HostAddress | undefined,
): Network {
  const found = (name: string): HostAddress | undefined => {
    const known = nameOfHost(scenario, name);
    return known === undefined ? undefined : addressOf(known);
  };
  const at = (host: HostAddress | undefined, port: number): ServiceAddress | undefined =>
    host && { address: host.address, port };
  return {
    fileServer: (name) => at(found(name), found(name)?.smbPort ?? 0),
    winRm: (name) => at(found(name), found(name)?.winRmPort ?? 0),
    winRmTls: async (name) => {
      const where = at(found(name), found(name)?.winRmTlsPort ?? 0);
      return where && { ...where, ca: (await tls()).cert };
    },
    directory: { address: controller.address, port: controller.ldapPort },
  };
}

interface MemberParts {
  readonly paths: LabPaths;
  readonly tls: () => Promise<KeyAndCertificate>;
  readonly state: LabState;
  readonly findTarget: FindTarget;
  readonly system: ProcessSystem;
}

/** Opens the services of a host; what was opened is closed when one of them cannot be. */
async function openMember(
  host: Host,
  address: HostAddress,
  { paths, tls, state, findTarget, system }: MemberParts,
): Promise<Member> {
  const open: { close(): Promise<void> }[] = [];
  const listen = async <T extends { close(): Promise<void> }>(
    port: number,
    start: (where: ServiceAddress) => Promise<T>,
  ): Promise<T> => {
    const service = await listenAnywhere(address, port, state, start);
    open.push(service);
    return service;
  };
  try {
    const web = await listen(address.port, (at) => listenWeb(host, at, findTarget, system));
    const files = await listen(address.smbPort, (at) => listenShares(host, at, system.log));
    const remoting = await listen(address.winRmPort, (http) =>
      listenRemoting(host, {
        http,
        https: { ...http, port: http.port === 0 ? 0 : address.winRmTlsPort },
        load: () => remotingOf(host, { paths, tls, system }),
        log: system.log,
      }),
    );
    const ports = {
      port: web.port,
      smbPort: files.port,
      winRmPort: remoting.httpPort,
      winRmTlsPort: remoting.httpsPort,
    };
    return { host, address: { ...address, ...ports }, web, files, remoting };
  } catch (error) {
    await Promise.all(open.map((service) => service.close()));
    throw error;
  }
}

/**
 * The certificate of all hosts, for what is asked first: made once, also when clients of several
 * hosts come at the same time.
 */
function hostsCertificate(
  { hostsCa, hostsTlsKey }: LabPaths,
  scenario: Scenario,
  system: ProcessSystem,
): () => Promise<KeyAndCertificate> {
  const names = scenario.hosts
    .filter(({ runs }) => runs)
    .map(({ name }) => fullName(scenario, name));
  let made: Promise<KeyAndCertificate> | undefined;
  return () => {
    made ??= import('./dc/certificate.ts').then(({ labCertificate }) =>
      labCertificate({ ca: hostsCa, tlsKey: hostsTlsKey }, names, system, 'rsa'),
    );
    return made;
  };
}

/** What the WinRM service of a host has: loaded with its program. */
async function remotingOf(
  host: Host,
  { paths, tls, system }: Pick<MemberParts, 'paths' | 'tls' | 'system'>,
): Promise<Omit<WinRmOptions, 'log'>> {
  const { hostConfigurations } = await import('./remoting/host-configurations.ts');
  return { tls: await tls(), configuration: hostConfigurations(host, paths, system.log) };
}

function portsOf({ name, address, port, smbPort, winRmPort, winRmTlsPort }: HostAddress): string {
  const winRm = `${winRmPort} and ${winRmTlsPort}`;
  return `${name}: ${address}, HTTP ${port}, SMB ${smbPort}, WinRM ${winRm}`;
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

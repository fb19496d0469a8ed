import { labCertificate } from '../dc/certificate.ts';
import { LabError } from '../errors.ts';
import type { LabPaths } from '../folder/paths.ts';
import type { HostAddress, LabState } from '../folder/state.ts';
import { lookupOf } from '../hosts/lookup.ts';
import { nameOfHost, type Network } from '../hosts/network.ts';
import type { System } from '../process/system.ts';
import { fullName, type Scenario } from '../scenario.ts';
import { type RemoteLocation, winRmUrl } from './connector.ts';
import type { RemoteTarget } from './target.ts';

/** Where the services of a lab's hosts are, for a program that is none of its processes. */
export function labNetwork(scenario: Scenario, state: LabState): Network {
  const addressOf = (name: string, port: (host: HostAddress) => number) => {
    const host = hostOf(scenario, state, name);
    return host && { address: host.address, port: port(host) };
  };
  return {
    fileServer: (name) => addressOf(name, ({ smbPort }) => smbPort),
    winRm: (name) => addressOf(name, ({ winRmPort }) => winRmPort),
  };
}

export interface LabLocations extends System {
  readonly scenario: Scenario;
  readonly state: LabState;
  readonly paths: LabPaths;
}

/** Finds the WinRM services of a lab's hosts; rejects with LabError `unknown-host`. */
export function locateInLab(
  locations: LabLocations,
): (target: RemoteTarget) => Promise<RemoteLocation> {
  const { scenario, state } = locations;
  return async (target) => {
    const host = hostOf(scenario, state, target.computer);
    if (host === undefined) {
      const message = `the lab runs no host ${JSON.stringify(target.computer)}`;
      throw new LabError('unknown-host', message);
    }
    const port = target.port ?? (target.useSsl ? host.winRmTlsPort : host.winRmPort);
    return {
      url: winRmUrl(fullName(scenario, host.name), { ...target, port }),
      lookup: lookupOf(host.address),
      ...(target.useSsl && { tls: { ca: await hostsCertificate(locations) } }),
    };
  };
}

/** What clients of the hosts' HTTPS trust: made now where nobody has asked for it yet. */
async function hostsCertificate({ scenario, paths, clock, random }: LabLocations): Promise<string> {
  const names = scenario.hosts
    .filter(({ runs }) => runs)
    .map(({ name }) => fullName(scenario, name));
  const files = { ca: paths.hostsCa, tlsKey: paths.hostsTlsKey };
  const { cert } = await labCertificate(files, names, { clock, random }, 'rsa');
  return cert;
}

function hostOf(scenario: Scenario, state: LabState, name: string): HostAddress | undefined {
  const known = nameOfHost(scenario, name);
  return state.hosts.find((host) => host.name === known);
}

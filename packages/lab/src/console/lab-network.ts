import { readFile } from 'node:fs/promises';
import { LabError } from '../errors.ts';
import type { LabPaths } from '../folder/paths.ts';
import type { HostAddress, LabState } from '../folder/state.ts';
import { lookupOf } from '../hosts/lookup.ts';
import { nameOfHost, type Network } from '../hosts/network.ts';
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

/** Finds the WinRM service of a lab's host. What it gives throws LabError `unknown-host`. */
export function locateInLab(
  scenario: Scenario,
  state: LabState,
  ca: string | undefined,
): (target: RemoteTarget) => RemoteLocation {
  return (target) => {
    const host = hostOf(scenario, state, target.computer);
    if (host === undefined) {
      const message = `the lab runs no host ${JSON.stringify(target.computer)}`;
      throw new LabError('unknown-host', message);
    }
    const port = target.port ?? (target.useSsl ? host.winRmTlsPort : host.winRmPort);
    return {
      url: winRmUrl(fullName(scenario, host.name), { ...target, port }),
      lookup: lookupOf(host.address),
      ...(ca !== undefined && { tls: { ca } }),
    };
  };
}

/** What clients of the hosts' HTTPS trust; undefined before it was first used. */
export async function labCertificates({ hostsCa }: LabPaths): Promise<string | undefined> {
  return await readFile(hostsCa, 'utf8').catch(() => undefined);
}

function hostOf(scenario: Scenario, state: LabState, name: string): HostAddress | undefined {
  const known = nameOfHost(scenario, name);
  return state.hosts.find((host) => host.name === known);
}

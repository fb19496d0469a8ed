import { messageOf } from '../errors.ts';
import { readText } from '../folder/files.ts';
import type { LabPaths } from '../folder/paths.ts';
import type { HostAddress, LabState, ProcessName } from '../folder/state.ts';
import type { System } from '../process/system.ts';
import { domainDn, realmOf, type Scenario } from '../scenario.ts';
import { probeKdc, probeKpasswd, probeLdap, probePort, probeWeb } from './probe.ts';

/** One service of the lab, asked just now. */
export interface ServiceStatus {
  /** `KDC (UDP)`, `LDAPS`, `ServerB (HTTP)`. */
  readonly name: string;
  /** `127.0.0.1:49152`. */
  readonly address: string;
  readonly process: ProcessName;
  readonly answers: boolean;
  /** Why it does not answer. */
  readonly problem?: string;
}

/** Asks every service of a process whether it is there, all at the same time. */
export async function probeServices(
  process: ProcessName,
  paths: LabPaths,
  state: LabState,
  scenario: Scenario,
  system: System,
): Promise<readonly ServiceStatus[]> {
  const checks =
    process === 'dc'
      ? await controllerChecks(paths, state, scenario, system)
      : state.hosts.flatMap(hostChecks);
  return await Promise.all(
    checks.map(async ({ name, address, ask }) => {
      try {
        await ask();
        return { name, address, process, answers: true };
      } catch (error) {
        return { name, address, process, answers: false, problem: messageOf(error) };
      }
    }),
  );
}

interface Check {
  readonly name: string;
  readonly address: string;
  readonly ask: () => Promise<void>;
}

async function controllerChecks(
  paths: LabPaths,
  { controller }: LabState,
  scenario: Scenario,
  system: System,
): Promise<readonly Check[]> {
  const { address, kdcPort, kpasswdPort, ldapPort, ldapsPort } = controller;
  const realm = realmOf(scenario);
  const domain = domainDn(scenario);
  const ca = (await readText(paths.ca)) ?? '';
  const kdc = `${address}:${kdcPort}`;
  const kpasswd = `${address}:${kpasswdPort}`;
  return [
    { name: 'KDC (UDP)', address: kdc, ask: () => probeKdc(controller, 'udp', realm, system) },
    { name: 'KDC (TCP)', address: kdc, ask: () => probeKdc(controller, 'tcp', realm, system) },
    { name: 'kpasswd (UDP)', address: kpasswd, ask: () => probeKpasswd(controller, 'udp', realm) },
    { name: 'kpasswd (TCP)', address: kpasswd, ask: () => probeKpasswd(controller, 'tcp', realm) },
    {
      name: 'LDAP',
      address: `${address}:${ldapPort}`,
      ask: () => probeLdap(controller, domain, undefined),
    },
    {
      name: 'LDAPS',
      address: `${address}:${ldapsPort}`,
      ask: () => probeLdap(controller, domain, ca),
    },
  ];
}

function hostChecks(host: HostAddress): readonly Check[] {
  const { name, address, port, smbPort, winRmPort, winRmTlsPort } = host;
  return [
    { name: `${name} (HTTP)`, address: `${address}:${port}`, ask: () => probeWeb(host) },
    ...[
      { name: `${name} (SMB)`, port: smbPort },
      { name: `${name} (WinRM)`, port: winRmPort },
      { name: `${name} (WinRM, HTTPS)`, port: winRmTlsPort },
    ].map((service) => ({
      name: service.name,
      address: `${address}:${service.port}`,
      ask: () => probePort({ address, port: service.port }),
    })),
  ];
}

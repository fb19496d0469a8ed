import { LabError } from './errors.ts';

/**
 * The lab's domain: CONTOSO, with the hosts and the organizational units of the story. Names as an
 * administrator writes them; passwords of people only: computers make up their own.
 */

/** A member server or client computer. */
export interface HostFacts {
  /** `ServerB`, as people write it. */
  readonly name: string;
  /** Folder of its account, below the domain's head. */
  readonly ou: string;
  /** Whether the lab runs it: its LSA and its web service. */
  readonly runs: boolean;
  /**
   * Members of the local group Administrators beside Domain Admins, by sAMAccountName. They may see
   * `C$` and ask for processes, services and logs from afar.
   */
  readonly administrators: readonly string[];
}

/** A person's account. */
export interface PersonFacts {
  readonly name: string;
  readonly password: string;
  readonly displayName: string;
  /** Groups by sAMAccountName. */
  readonly groups: readonly string[];
  /** NOT_DELEGATED: sensitive and cannot be delegated. */
  readonly sensitive?: boolean;
}

/** The facts of the lab's domain. */
export interface Scenario {
  readonly dnsName: string;
  readonly netbiosName: string;
  /** Name of the domain controller. */
  readonly controller: string;
  readonly organizationalUnits: readonly string[];
  readonly hosts: readonly HostFacts[];
  readonly people: readonly PersonFacts[];
}

const SERVERS = 'OU=Servers,OU=NA';

/**
 * The people of the story administer the computers, so that nothing but a delegation that was
 * refused keeps them from `\\ServerC\C$`.
 */
const PEOPLE: readonly string[] = ['alice', 'bob', 'carol'];

/** CONTOSO.COM. */
export const CONTOSO: Scenario = {
  dnsName: 'contoso.com',
  netbiosName: 'CONTOSO',
  controller: 'DC',
  organizationalUnits: ['OU=NA', SERVERS, `OU=Web,${SERVERS}`, 'OU=Workstations,OU=NA'],
  hosts: [
    { name: 'ServerA', ou: 'OU=Workstations,OU=NA', runs: true, administrators: PEOPLE },
    { name: 'ServerB', ou: SERVERS, runs: true, administrators: PEOPLE },
    { name: 'ServerB1', ou: `OU=Web,${SERVERS}`, runs: true, administrators: PEOPLE },
    { name: 'ServerB2', ou: `OU=Web,${SERVERS}`, runs: true, administrators: PEOPLE },
    { name: 'ServerB3', ou: `OU=Web,${SERVERS}`, runs: true, administrators: PEOPLE },
    { name: 'ServerC', ou: SERVERS, runs: true, administrators: PEOPLE },
    { name: 'JumpBox', ou: SERVERS, runs: true, administrators: PEOPLE },
  ],
  people: [
    { name: 'alice', password: 'Passw0rd.alice', displayName: 'Alice', groups: [] },
    {
      name: 'bob',
      password: 'Passw0rd.bob',
      displayName: 'Bob, who is sensitive and cannot be delegated',
      groups: [],
      sensitive: true,
    },
    {
      name: 'carol',
      password: 'Passw0rd.carol',
      displayName: 'Carol, of Protected Users',
      groups: ['Protected Users'],
    },
    {
      name: 'Administrator',
      password: 'Passw0rd.Administrator',
      displayName: 'Administrator',
      groups: ['Domain Admins'],
    },
  ],
};

/**
 * FABRIKAM.COM: another forest, which the lab does not trust and is not trusted by. It has a
 * directory and nothing that runs in it; its Administrator has the password of CONTOSO's.
 */
export const FABRIKAM: Scenario = {
  dnsName: 'fabrikam.com',
  netbiosName: 'FABRIKAM',
  controller: 'DC1',
  organizationalUnits: ['OU=Servers'],
  hosts: [
    { name: 'ServerA', ou: 'OU=Servers', runs: false, administrators: [] },
    { name: 'ServerB', ou: 'OU=Servers', runs: false, administrators: [] },
  ],
  people: [
    {
      name: 'Administrator',
      password: 'Passw0rd.Administrator',
      displayName: 'Administrator',
      groups: ['Domain Admins'],
    },
  ],
};

/** `serverb.contoso.com`. */
export function fullName(scenario: Scenario, host: string): string {
  return `${host.toLowerCase()}.${scenario.dnsName}`;
}

/** `DC=contoso,DC=com`. */
export function domainDn(scenario: Scenario): string {
  return scenario.dnsName
    .split('.')
    .map((label) => `DC=${label}`)
    .join(',');
}

/**
 * SPNs of a host's account: what Windows registers at a join, and WSMAN, which WinRM adds. HTTP and
 * cifs need none of their own: HOST covers them (sPNMappings).
 */
export function hostSpns(scenario: Scenario, host: string): readonly string[] {
  const names = [host.toUpperCase(), fullName(scenario, host)];
  return ['HOST', 'RestrictedKrbHost', 'WSMAN', 'TERMSRV'].flatMap((service) =>
    names.map((name) => `${service}/${name}`),
  );
}

/** The Kerberos realm: `CONTOSO.COM`. */
export function realmOf(scenario: Scenario): string {
  return scenario.dnsName.toUpperCase();
}

/** sAMAccountName of a host: `SERVERB$`. */
export function hostAccount(host: string): string {
  return `${host.toUpperCase()}$`;
}

/**
 * The host that is meant: `ServerB`, `SERVERB$`, `CONTOSO\SERVERB$`, `serverb.contoso.com`, of any
 * case. Throws LabError `unknown-host`.
 */
export function findHost(scenario: Scenario, name: string): HostFacts {
  const { dnsName, netbiosName } = scenario;
  let plain = name.toLowerCase().replace(/\$$/u, '');
  const prefix = `${netbiosName.toLowerCase()}\\`;
  const suffix = `.${dnsName}`;
  if (plain.startsWith(prefix)) plain = plain.slice(prefix.length);
  if (plain.endsWith(suffix)) plain = plain.slice(0, -suffix.length);
  const found = scenario.hosts.find((host) => host.runs && host.name.toLowerCase() === plain);
  if (found !== undefined) return found;
  const names = scenario.hosts.filter(({ runs }) => runs).map((host) => host.name);
  throw new LabError(
    'unknown-host',
    `the lab has no host ${JSON.stringify(name)}; it has ${names.join(', ')}`,
  );
}

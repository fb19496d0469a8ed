import type { RandomSource } from '@doublehop/crypto/random';
import type { KeySet } from '@doublehop/directory/account';
import type { Directory } from '@doublehop/directory/directory';
import type { AttributeInput } from '@doublehop/directory/entry';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { createDomain } from '@doublehop/domain-controller/create-domain';
import { passwordKeys, randomKeys, saltOf } from '@doublehop/domain-controller/directory-keys';
import { LabError } from '../errors.ts';
import {
  domainDn,
  fullName,
  hostAccount,
  hostSpns,
  type HostFacts,
  type PersonFacts,
  realmOf,
  type Scenario,
} from '../scenario.ts';

/** The account that a new domain has already, and whose password makes the domain. */
const ADMINISTRATOR = 'Administrator';

/** userAccountControl (MS-ADTS 2.2.16). */
const NORMAL_ACCOUNT = 0x200;
const WORKSTATION_TRUST_ACCOUNT = 0x1000;
const NOT_DELEGATED = 0x10_0000;

interface PersonWithKeys {
  readonly person: PersonFacts;
  readonly keys: KeySet;
}

/**
 * Makes the scenario's domain in an empty directory: the domain itself, organizational units,
 * people and computers with their SPNs. Keys of people come from their passwords, made on other
 * threads meanwhile; computers get random keys, as a computer's password is only ever its own.
 */
export async function populate(
  directory: Directory,
  scenario: Scenario,
  random: RandomSource,
): Promise<void> {
  const administrator = scenario.people.find(({ name }) => name === ADMINISTRATOR);
  if (administrator === undefined) {
    throw new LabError('usage', `the scenario has no ${ADMINISTRATOR}`);
  }
  const others = scenario.people.filter((person) => person !== administrator);
  const [people] = await Promise.all([
    Promise.all(others.map((person) => withKeys(scenario, person))),
    createDomain(
      directory,
      {
        dnsName: scenario.dnsName,
        netbiosName: scenario.netbiosName,
        administratorPassword: administrator.password,
        controllerName: scenario.controller,
      },
      random,
    ),
  ]);
  const keys = new Map(
    scenario.hosts.map(({ name }) => [name, { kvno: 1, keys: randomKeys(random) }]),
  );
  const base = domainDn(scenario);
  await directory.modify(base, LENIENT_POLICY);
  await directory.write((writer) => {
    for (const unit of scenario.organizationalUnits) {
      writer.add(`${unit},${base}`, { objectClass: 'organizationalUnit' });
    }
    for (const host of scenario.hosts) addHost(writer, scenario, host, keys.get(host.name));
    for (const one of people) addPerson(writer, base, one);
  });
}

/** Passwords of a lab are tried out: again on the same day, and with the names of their owners. */
const LENIENT_POLICY = ['minPwdAge', 'pwdProperties'].map((attribute) => {
  return { operation: 'replace', attribute, values: ['0'] } as const;
});

async function withKeys(scenario: Scenario, person: PersonFacts): Promise<PersonWithKeys> {
  const domain = { realm: realmOf(scenario), dnsName: scenario.dnsName };
  const salt = saltOf(domain, { samAccountName: person.name, machine: false });
  return { person, keys: { kvno: 1, keys: await passwordKeys(person.password, salt) } };
}

function addHost(
  writer: DirectoryWriter,
  scenario: Scenario,
  { name, ou }: HostFacts,
  keys: KeySet | undefined,
): void {
  const attributes: AttributeInput = {
    objectClass: 'computer',
    sAMAccountName: hostAccount(name),
    userAccountControl: String(WORKSTATION_TRUST_ACCOUNT),
    dNSHostName: fullName(scenario, name),
    servicePrincipalName: hostSpns(scenario, name),
  };
  const dn = `CN=${name},${ou},${domainDn(scenario)}`;
  writer.add(dn, attributes, keys === undefined ? {} : { keys });
}

function addPerson(writer: DirectoryWriter, base: string, { person, keys }: PersonWithKeys): void {
  const control = NORMAL_ACCOUNT | (person.sensitive === true ? NOT_DELEGATED : 0);
  const dn = `CN=${person.name},CN=Users,${base}`;
  const attributes: AttributeInput = {
    objectClass: 'user',
    sAMAccountName: person.name,
    displayName: person.displayName,
    userAccountControl: String(control),
  };
  writer.add(dn, attributes, { keys });
  for (const group of person.groups) {
    const change = { operation: 'add', attribute: 'member', values: [dn] } as const;
    writer.modify(`CN=${group},CN=Users,${base}`, [change]);
  }
}

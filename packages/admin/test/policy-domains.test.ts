// Middles of another domain, and what a directory answers that is no list as usual.
import { encodeSid } from '@doublehop/security/sid';
import { describe, expect, test } from 'vitest';
import type { DomainConnection } from '../src/connection.ts';
import { AdminError } from '../src/errors.ts';
import { SidNames } from '../src/names.ts';
import type { PolicyPlan } from '../src/policy/change.ts';
import { loadPolicy } from '../src/policy/load.ts';
import { planPolicy } from '../src/policy/plan.ts';
import { computer, DOMAIN_SID, FakeDirectory } from './support/fake-directory.ts';

const FOREIGN = 'S-1-5-21-40-50-60';

function fabrikam(): DomainConnection {
  const directory = new FakeDirectory();
  directory.add('CN=ServerF,DC=fabrikam,DC=com', {
    objectClass: 'computer',
    sAMAccountName: 'SERVERF$',
    objectSid: encodeSid(`${FOREIGN}-1104`),
  });
  const domain = {
    namingContext: 'DC=fabrikam,DC=com',
    dnsName: 'fabrikam.com',
    netbiosName: 'FABRIKAM',
    sid: FOREIGN,
    controller: 'dc.fabrikam.com',
  } as const;
  const names = new SidNames(directory, domain);
  return { ...directory.connection(), domain, names };
}

function contoso(): FakeDirectory {
  const directory = new FakeDirectory();
  computer(directory, 'ServerB', 1104);
  computer(directory, 'ServerC', 1105);
  return directory;
}

async function plan(
  text: string,
  targets: DomainConnection,
  middles = targets,
): Promise<PolicyPlan> {
  const { policy } = loadPolicy(`version: 1\ndomain: contoso.com\n${text}`);
  if (policy === undefined) throw new Error('no policy');
  return await planPolicy({ targets, middles }, policy);
}

/** SIDs that a plan adds. */
function added({ changes }: PolicyPlan): readonly string[] {
  return changes.flatMap(({ differences }) =>
    differences.flatMap(({ what }) => (what.kind === 'middle' ? what.middle.sid : [])),
  );
}

describe('middles of another domain', () => {
  test.for([
    'FABRIKAM\\SERVERF',
    'fabrikam.com\\SERVERF$',
    'CN=ServerF,DC=fabrikam,DC=com',
    `${FOREIGN}-1104`,
  ])('%s', async (name) => {
    const text = `rules: [{name: R, targets: [ServerC], middles: ['${name}', ServerB]}]`;
    const made = await plan(text, contoso().connection(), fabrikam());
    expect(made.errors).toEqual([]);
    expect(added(made)).toEqual([`${FOREIGN}-1104`, `${DOMAIN_SID}-1104`]);
  });

  test('a name without a domain is one of the targets', async () => {
    const text = 'rules: [{name: R, targets: [ServerC], middles: [ServerF]}]';
    const { errors } = await plan(text, contoso().connection(), fabrikam());
    expect(errors).toEqual([
      {
        at: { line: 3, column: 49 },
        message: expect.stringContaining('no account "ServerF" in c'),
      },
    ]);
  });

  test('without a connection to it a name cannot be looked up, and a SID need not be', async () => {
    const named = "rules: [{name: R, targets: [ServerC], middles: ['FABRIKAM\\ServerF']}]";
    const { errors } = await plan(named, contoso().connection());
    expect(errors[0]?.message).toContain('name a controller of FABRIKAM, or give the SID');
    const sid = `rules: [{name: R, targets: [ServerC], middles: [${FOREIGN}-1104]}]`;
    expect(added(await plan(sid, contoso().connection()))).toEqual([`${FOREIGN}-1104`]);
  });
});

describe('answers of a directory', () => {
  test('a part of a long list is not taken for the whole', async () => {
    const directory = contoso();
    directory.entries
      .get('CN=ServerB,DC=contoso,DC=com')
      ?.set('msDS-AllowedToDelegateTo;range=0-1', [new TextEncoder().encode('cifs/a')]);
    const text = 'kcd: [{name: K, middles: [ServerB], mode: exact, services: [cifs/a]}]';
    const error = await plan(text, directory.connection()).catch((thrown: unknown) => thrown);
    expect(error instanceof AdminError && error.message).toContain('more values than');
  });

  test('names are looked up many at a time', async () => {
    const directory = new FakeDirectory();
    const names = Array.from({ length: 120 }, (_, at) => `Web${at}`);
    for (const [at, name] of names.entries()) computer(directory, name, 2000 + at);
    computer(directory, 'ServerB', 1104);
    const text = `rules: [{name: R, targets: [${names.join(', ')}], middles: [ServerB]}]`;
    const { changes } = await plan(text, directory.connection());
    expect(changes).toHaveLength(120);
    expect(directory.log.length).toBeLessThan(6);
  });
});

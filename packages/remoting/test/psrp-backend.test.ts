import { customObject, PsDictionary } from '@doublehop/powershell/objects/value';
import { PsrpBackend } from '@doublehop/remoting/endpoint/psrp-backend';
import { ClientPool } from '@doublehop/remoting/psrp/client-pool';
import { newGuid } from '@doublehop/remoting/psrp/new-guid';
import { expect, test } from 'vitest';
import { clock, random } from './support/tickets.ts';

test('$PSSenderInfo has the arguments of the application (MS-PSRP 2.2.2.2)', () => {
  const sender = customObject({ ConnectedUser: 'CONTOSO\\alice' });
  const session = {
    session: undefined,
    commands: [],
    languageMode: 'None',
    variables: { PSSenderInfo: sender },
    close: () => undefined,
  } as const;
  const sink = { output: () => undefined, finished: () => undefined, closed: () => undefined };
  const backend = new PsrpBackend({ session, sink, random, clock, log: () => undefined });
  const newId = (): ReturnType<typeof newGuid> => newGuid(random);
  const applicationArguments = new PsDictionary([['Application', 'tests']]);
  backend.open(new ClientPool({ id: newId(), newId, applicationArguments }).open());
  const known = sender.get('ApplicationArguments');
  expect(known instanceof PsDictionary && known.get('application')).toBe('tests');
});

import { addGrant } from '@doublehop/delegation/grants';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { s4u2proxy } from '@doublehop/kerberos/client/s4u2proxy';
import { s4u2self } from '@doublehop/kerberos/client/s4u2self';
import { KrbError } from '@doublehop/kerberos/messages/krb-error';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { decodeDer } from '@doublehop/wire/der';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { account, krbtgt } from './support/accounts.ts';
import { PEER, Realm } from './support/realm.ts';

const MIDDLE = account('computer', 'SERVERB$', 1104, { servicePrincipalNames: ['HTTP/serverb'] });
const TARGET = account('computer', 'SERVERC$', 1105, {
  servicePrincipalNames: ['HTTP/serverc'],
  allowedToActOnBehalf: encodeDescriptor(addGrant(undefined, MIDDLE.sid).descriptor),
});

const realm = new Realm([krbtgt(), account('user', 'alice', 1103), MIDDLE, TARGET]);
const seeds: Uint8Array[] = [];

/** Every kind of request that the story sends. */
beforeAll(async () => {
  const transport = (_realm: string, request: Uint8Array) => {
    seeds.push(request);
    return Promise.resolve(realm.send(request));
  };
  const client = { ...realm.client, transport };
  const secret = { kind: 'password', password: 'Passw0rd.SERVERB$' } as const;
  const { credentials: tgt } = await getInitialTicket(client, {
    client: realm.name('SERVERB$'),
    secret,
  });
  const evidence = await s4u2self(client, { tgt, user: realm.name('alice'), compat: true });
  await s4u2proxy(client, { tgt, evidence, target: realm.name('HTTP/serverc') });
});

/** Answers or is silent, and never for a reason that is the KDC's own fault. */
function survives(bytes: Uint8Array): void {
  const reply = realm.kdc.handle(bytes, PEER);
  const tag = reply?.[0];
  expect([undefined, 0x6b, 0x6d, 0x7e]).toContain(tag);
  expect(realm.defects).toEqual([]);
}

describe('hostile requests', () => {
  test('the seeds are the four exchanges', () => expect(seeds).toHaveLength(4));

  test('every truncation of every exchange', () => {
    for (const seed of seeds) {
      for (let size = 0; size < seed.length; size += 1) survives(seed.subarray(0, size));
    }
  });

  test('what begins as a request is answered: KRB_ERR_GENERIC (RFC 4120 §7.5.9)', () => {
    for (const seed of seeds) {
      const reply = realm.kdc.handle(seed.subarray(0, -1), PEER) ?? new Uint8Array();
      const { errorCode, eText, realm: name } = decodeDer(KrbError, reply);
      expect([errorCode, eText, name]).toEqual([60, 'malformed', 'CONTOSO.COM']);
    }
  });

  test('an error, and what is no Kerberos, is met with silence', () => {
    const [seed = new Uint8Array()] = seeds;
    const error = realm.kdc.handle(seed.subarray(0, -1), PEER) ?? new Uint8Array();
    expect(realm.kdc.handle(error, PEER)).toBeUndefined();
    expect(realm.kdc.handle(new Uint8Array(), PEER)).toBeUndefined();
    expect(realm.kdc.handle(Uint8Array.of(0x30, 0), PEER)).toBeUndefined();
  });

  test('random octets', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives), { numRuns: 500 });
  });

  test('changed octets, removed and repeated stretches', () => {
    const mutation = fc.record({
      seed: fc.nat({ max: 3 }),
      changes: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
      cut: fc.option(fc.tuple(fc.nat(), fc.nat({ max: 40 }))),
    });
    fc.assert(
      fc.property(mutation, ({ seed, changes, cut }) => {
        let bytes = Uint8Array.from(seeds[seed] ?? []);
        for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
        if (cut !== null) {
          const start = cut[0] % bytes.length;
          bytes = Uint8Array.from([...bytes.subarray(0, start), ...bytes.subarray(start + cut[1])]);
        }
        survives(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

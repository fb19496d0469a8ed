import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Key } from '@doublehop/crypto/key';
import type { ClientContext } from '@doublehop/kerberos/client/context';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { s4u2proxy } from '@doublehop/kerberos/client/s4u2proxy';
import { s4u2self } from '@doublehop/kerberos/client/s4u2self';
import { getServiceTicket } from '@doublehop/kerberos/client/service-ticket';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { alice, type Lab, makeLab, middle, target } from './support/lab.ts';

/** A place in an answer, as a part of its length. */
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

type Change = (answer: Uint8Array) => Uint8Array;

/** What of credentials an attacker on the wire must not be able to change. */
function essence({ client, server, key, times, flags }: Credentials) {
  const names = [client, server].map(formatPrincipal);
  return { names, etype: key.etype, times, flags };
}

describe('answers that were changed on their way', () => {
  let lab: Lab;
  let tgt: Credentials;
  let evidence: Credentials;
  const key = Key.of(18, new Uint8Array(32).fill(7));
  const secret = { kind: 'keys', keys: [{ etype: 18, bytes: key.bytes() }] } as const;

  beforeAll(async () => {
    lab = makeLab();
    lab.kdc.preauth = false;
    lab.kdc.addKey('SERVERB$', key);
    lab.kdc.grants.add('SERVERB$ cifs/serverc');
    tgt = (await getInitialTicket(lab.context, { client: middle, secret })).credentials;
    evidence = await s4u2self(lab.context, { tgt, user: alice });
  });

  const exchanges: [string, (context: ClientContext) => Promise<Credentials>][] = [
    ['AS', async (ctx) => (await getInitialTicket(ctx, { client: middle, secret })).credentials],
    ['TGS', async (ctx) => (await getServiceTicket(ctx, tgt, target)).credentials],
    ['S4U2Self', (ctx) => s4u2self(ctx, { tgt, user: alice })],
    ['S4U2Proxy', (ctx) => s4u2proxy(ctx, { tgt, evidence, target })],
  ];

  /** The result of an exchange whose first answer was changed; undefined where it was refused. */
  async function attempt(
    exchange: (context: ClientContext) => Promise<Credentials>,
    change: Change,
  ): Promise<Credentials | undefined> {
    let count = 0;
    const transport: ClientContext['transport'] = async (_realm, request) => {
      count += 1;
      const answer = lab.kdc.answer(request);
      lab.kdc.requests.length = 0;
      return count === 1 ? change(answer) : answer;
    };
    try {
      return await exchange({ ...lab.context, transport });
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      return undefined;
    }
  }

  test.each(exchanges)('%s: every octet', async (_title, exchange) => {
    const honest = await exchange(lab.context);
    const { length } = lab.kdc.requests;
    expect(length).toBeGreaterThan(0);
    const mutation = fc.tuple(share, fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const result = await attempt(exchange, (answer) => {
          const changed = answer.slice();
          for (const [place, value] of mutations) {
            changed[Math.floor(place * changed.length)] = value;
          }
          return changed;
        });
        if (result !== undefined) expect(essence(result)).toEqual(essence(honest));
      }),
      { numRuns: 300 },
    );
  });

  test.each(exchanges)('%s: cut off anywhere', async (_title, exchange) => {
    await fc.assert(
      fc.asyncProperty(share, async (part) => {
        const cut = (answer: Uint8Array) => answer.subarray(0, Math.floor(part * answer.length));
        const result = await attempt(exchange, cut);
        expect(result).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  test.each(exchanges)('%s: noise, and answers of another kind', async (_title, exchange) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (noise) => {
        expect(await attempt(exchange, () => noise)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
    for (const tag of [0x6b, 0x6d, 0x6e, 0x7e, 0x30]) {
      const [own] = [0x6b, 0x6d].filter((candidate) => candidate === tag);
      const result = await attempt(exchange, (answer) => {
        const changed = answer.slice();
        changed[0] = answer[0] === own ? 0x00 : tag;
        return changed;
      });
      expect(result).toBeUndefined();
    }
  });

  test.each(exchanges)('%s: an answer to an earlier request', async (_title, exchange) => {
    let earlier: Uint8Array | undefined;
    await attempt(exchange, (answer) => (earlier = answer));
    expect(earlier).toBeDefined();
    const result = await attempt(exchange, () => earlier ?? new Uint8Array(0));
    expect(result).toBeUndefined();
  });
});

import { createCldap } from '@doublehop/domain-controller/cldap/cldap';
import { RateLimit } from '@doublehop/domain-controller/cldap/rate-limit';
import { CLDAP_BURST, MAX_CLDAP_REQUEST } from '@doublehop/domain-controller/limits';
import { everything } from '@doublehop/ldap/filter';
import { decodeMessage, encodeMessage } from '@doublehop/ldap/messages/message';
import type { SearchRequest, ServerEntry } from '@doublehop/ldap/server/handler';
import { WireError } from '@doublehop/wire/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SEARCH: SearchRequest = {
  baseObject: '',
  scope: 'base',
  derefAliases: 'never',
  sizeLimit: 0,
  timeLimit: 0,
  typesOnly: false,
  filter: everything,
  attributes: [],
};

const request = (value: Partial<SearchRequest> = {}): Uint8Array =>
  encodeMessage({
    messageId: 7,
    operation: { kind: 'searchRequest', value: { ...SEARCH, ...value } },
  });

const peer = { address: '192.0.2.1', port: 1000, transport: 'udp' } as const;

function service(entry: ServerEntry | undefined, now = { value: 0 }) {
  const defects: unknown[] = [];
  const handler = createCldap({
    rootDse: () => entry,
    address: '127.0.0.1',
    clock: () => now.value,
    onDefect: (error) => defects.push(error),
  });
  const ask = (bytes: Uint8Array, from: string = peer.address) =>
    handler.handle(bytes, { ...peer, address: from });
  return { ask, defects };
}

const ENTRY: ServerEntry = {
  kind: 'entry',
  dn: '',
  attributes: [{ type: 'currentTime', values: ['x'.repeat(1000)] }],
};

describe('MS-ADTS 3.1.1.3.1.11 LDAP over UDP', () => {
  it('entry and result in one datagram', () => {
    const reply = service(ENTRY).ask(request());
    if (!(reply instanceof Uint8Array)) throw new TypeError('no reply');
    const size = 4 + (((reply[2] ?? 0) << 8) | (reply[3] ?? 0));
    expect(decodeMessage(reply.subarray(0, size))).toMatchObject({
      messageId: 7,
      operation: { kind: 'searchEntry' },
    });
    expect(decodeMessage(reply.subarray(size))).toMatchObject({
      messageId: 7,
      operation: { kind: 'searchDone', value: { resultCode: 0 } },
    });
  });

  it('a result alone where the filter does not match', () => {
    const reply = service(undefined).ask(request());
    if (!(reply instanceof Uint8Array)) throw new TypeError('no reply');
    expect(decodeMessage(reply).operation.kind).toBe('searchDone');
  });

  it('other searches are refused', () => {
    for (const wrong of [{ baseObject: 'DC=contoso,DC=com' }, { scope: 'subtree' as const }]) {
      const reply = service(ENTRY).ask(request(wrong));
      if (!(reply instanceof Uint8Array)) throw new TypeError('no reply');
      expect(decodeMessage(reply).operation).toMatchObject({
        kind: 'searchDone',
        value: { resultCode: 1 },
      });
    }
  });

  it('other requests, and what is too long, are met with silence', () => {
    const { ask } = service(ENTRY);
    const whoAmI = { kind: 'extendedRequest', value: { name: '1.3.6.1.4.1.4203.1.11.3' } } as const;
    const bytes = encodeMessage({
      messageId: 1,
      operation: { ...whoAmI, value: { ...whoAmI.value, value: undefined } },
    });
    expect(ask(bytes)).toBeUndefined();
    expect(ask(request({ attributes: ['x'.repeat(MAX_CLDAP_REQUEST)] }))).toBeUndefined();
  });

  it('any octets are answered or not, and are no defect', () => {
    const { ask, defects } = service(ENTRY);
    const good = request();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(good.length - 1), (bytes, at) => {
        void ask(bytes);
        const changed = good.slice();
        changed[at] = (changed[at] ?? 0) ^ 0x41;
        void ask(changed);
        void ask(good.subarray(0, at));
      }),
    );
    expect(defects).toEqual([]);
  });

  it('what a handler throws is a defect, and silence', () => {
    const defects: unknown[] = [];
    const failing = createCldap({
      rootDse: () => {
        throw new WireError('encode', 'x');
      },
      address: '127.0.0.1',
      clock: () => 0,
      onDefect: (error) => defects.push(error),
    });
    expect(failing.handle(request(), peer)).toBeUndefined();
    expect(defects).toHaveLength(1);
  });
});

describe('reflection', () => {
  it('a source is sent so much and no more; others are not touched', () => {
    const now = { value: 1_000_000 };
    const { ask } = service(ENTRY, now);
    let octets = 0;
    for (let i = 0; i < 1000; i += 1) {
      const reply = ask(request());
      octets += reply instanceof Uint8Array ? reply.length : 0;
    }
    expect(octets).toBeLessThanOrEqual(CLDAP_BURST);
    expect(octets).toBeGreaterThan(CLDAP_BURST - 2000);
    // The neighbours of a forged address are the same victim.
    expect(ask(request(), '192.0.2.99')).toBeUndefined();
    expect(ask(request(), '::ffff:192.0.2.98')).toBeUndefined();
    expect(ask(request(), '198.51.100.1')).toBeInstanceOf(Uint8Array);
    now.value += 1000;
    expect(ask(request())).toBeInstanceOf(Uint8Array);
  });

  it('all sources together too, and few are remembered', () => {
    const limit = new RateLimit({
      perSource: { burst: 100, rate: 1 },
      total: { burst: 250, rate: 1 },
      maxSources: 2,
    });
    const sources = ['10.0.0.1', '10.0.1.1', '2001:db8:0:100::1'];
    expect(sources.map((source) => limit.take(source, 100, 0))).toEqual([true, true, false]);
    expect(limit.take('10.0.3.1', 50, 0)).toBe(true);
    expect(limit.sources).toBe(2);
    // A clock that goes backwards gives nothing.
    expect(limit.take('10.0.3.1', 60, -5000)).toBe(false);
    expect(limit.take('10.0.3.1', 60, 60_000)).toBe(true);
  });
});

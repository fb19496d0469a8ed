import { describe, expect, test } from 'vitest';
import { fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import {
  type ControlCodec,
  KNOWN_CONTROLS,
  dirSyncRequest,
  dirSyncResponse,
  extendedDn,
  findControl,
  hasControl,
  listViewRequest,
  listViewResponse,
  pagedResults,
  plainControl,
  scopedQuery,
  scopedQueryResponse,
  sdFlags,
  searchOptions,
  sortRequest,
  sortResponse,
} from '../src/controls.ts';
import { CONTROLS } from '../src/oids.ts';

/** Both ways of a value. */
function both<T>(codec: ControlCodec<T>, value: T, hex: string): void {
  const control = codec.encode(value, true);
  expect(control).toMatchObject({ type: codec.oid, critical: true });
  expect(toHex(control.value ?? new Uint8Array(0))).toBe(hex.replaceAll(' ', ''));
  expect(codec.decode(fromHex(hex))).toEqual(value);
}

describe('values of controls, both ways', () => {
  test('RFC 2696 §2 paged results', () => {
    both(pagedResults, { size: 1000, cookie: new Uint8Array(0) }, '3006 020203e8 0400');
    both(pagedResults, { size: 0, cookie: utf8('abc') }, '3008 020100 0403616263');
  });

  test('MS-ADTS 3.1.1.3.4.1.3 DirSync', () => {
    const asked = { flags: 1, maxBytes: 65_536, cookie: utf8('abc') };
    both(dirSyncRequest, asked, '300d 020101 0203010000 0403616263');
    // Some clients send the highest flag as a negative number.
    const negative = fromHex('300b 020480000000 020100 0400'.replaceAll(' ', ''));
    expect(dirSyncRequest.decode(negative).flags >>> 0).toBe(0x8000_0000);
    const answer = { moreResults: 1, unused: 0, cookie: utf8('abc') };
    both(dirSyncResponse, answer, '300b 020101 020100 0403616263');
  });

  test('MS-ADTS 3.1.1.3.4.1.11 SD flags', () => {
    both(sdFlags, { flags: 4 }, '3003 020104');
    both(sdFlags, { flags: 7 }, '3003 020107');
  });

  test('RFC 2891 §1 sort', () => {
    const cn = toHex(utf8('cn'));
    const value = [{ attribute: 'cn', orderingRule: '2.5', reverse: true }];
    both(sortRequest, value, `300e 300c 0402 ${cn} 8003 322e35 8101 ff`);
    expect(sortRequest.decode(fromHex(`3006 3004 0402 ${cn}`))).toEqual([
      { attribute: 'cn', reverse: false },
    ]);
    both(sortResponse, { resultCode: 16, attribute: 'cn' }, `3007 0a0110 8002 ${cn}`);
  });

  test('MS-ADTS 3.1.1.3.4.1.5 extended DN: without a value it is option 0', () => {
    both(extendedDn, { option: 1 }, '3003 020101');
    expect(extendedDn.decode(undefined)).toEqual({ option: 0 });
    expect(extendedDn.decode(new Uint8Array(0))).toEqual({ option: 0 });
  });

  test('MS-ADTS 3.1.1.3.4.1.12 search options', () => {
    both(searchOptions, { flags: 1 }, '3003 020101');
  });

  test('draft-ietf-ldapext-ldapv3-vlv-09 §4, §5 virtual list view', () => {
    const byOffset = { kind: 'byOffset', value: { offset: 3, contentCount: 9 } } as const;
    const target = '020101 020102 a006 020103 020109';
    both(listViewRequest, { beforeCount: 1, afterCount: 2, target: byOffset }, `300e ${target}`);
    both(
      listViewRequest,
      { beforeCount: 1, afterCount: 2, target: byOffset, contextId: utf8('ab') },
      `3012 ${target} 04026162`,
    );
    const value = utf8('c');
    both(
      listViewRequest,
      { beforeCount: 0, afterCount: 0, target: { kind: 'greaterThanOrEqual', value } },
      '3009 020100 020100 810163',
    );
    both(
      listViewResponse,
      { targetPosition: 3, contentCount: 9, resultCode: 61, contextId: utf8('a') },
      '300c 020103 020109 0a013d 040161',
    );
  });

  test('MS-ADTS 3.1.1.3.4.1.18 attribute scoped query', () => {
    both(scopedQuery, { attribute: 'member' }, `3008 0406 ${toHex(utf8('member'))}`);
    both(scopedQueryResponse, { resultCode: 21 }, '3003 0a0115');
  });
});

describe('controls of a message', () => {
  const flags = sdFlags.encode({ flags: 4 });

  test('are found by their OID', () => {
    const controls = [plainControl(CONTROLS.treeDelete), flags];
    expect(findControl(controls, sdFlags)).toEqual({ flags: 4 });
    expect(findControl(controls, pagedResults)).toBeUndefined();
    expect(hasControl(controls, CONTROLS.treeDelete)).toBe(true);
    expect(hasControl(controls, CONTROLS.showDeleted)).toBe(false);
    expect(controls[0]).toEqual({ type: CONTROLS.treeDelete, critical: true });
  });

  test.each([
    ['twice', [flags, flags]],
    ['without its value', [{ type: CONTROLS.sdFlags }]],
    ['with another value', [{ type: CONTROLS.sdFlags, value: fromHex('0400') }]],
    ['with octets behind the value', [{ type: CONTROLS.sdFlags, value: fromHex('300302010400') }]],
  ])('%s: protocolError', (_name, controls) => {
    expect(() => findControl(controls, sdFlags)).toThrow(
      expect.objectContaining({ name: 'LdapError', code: 'protocolError' }),
    );
  });

  test('the registry knows every control by its OID', () => {
    expect(KNOWN_CONTROLS.size).toBe(Object.keys(CONTROLS).length);
    expect(KNOWN_CONTROLS.get('1.2.840.113556.1.4.319')?.name).toBe('pagedResults');
    expect(KNOWN_CONTROLS.get('1.3.6.1.4.1.4203.666.5.12')?.name).toBe('relax');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, utf8 } from '@doublehop/wire/bytes';
import { encodeDer } from '@doublehop/wire/der';
import {
  describeSkew,
  errorPadata,
  extendedStatus,
  findKrbError,
  isKrbError,
  kerberosErrorOf,
} from '@doublehop/kerberos/client/krb-error';
import { delegationMeaning, describeStatus, KdcStatus } from '@doublehop/kerberos/client/nt-status';
import { KerberosError } from '@doublehop/kerberos/errors';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { MethodData } from '@doublehop/kerberos/messages/common';
import { KerbErrorData, KrbError } from '@doublehop/kerberos/messages/krb-error';
import { statusData } from './support/fake-kdc.ts';
import { mitEncodings } from './vectors/mit-asn1.ts';

const subject = { client: 'alice@CONTOSO.COM', server: 'cifs/serverc', now: 1_000_000_000_000 };
const base: KrbError = {
  pvno: 5,
  msgType: 30,
  stime: 1_000_000_000,
  susec: 0,
  errorCode: 60,
  realm: 'CONTOSO.COM',
  sname: { nameType: 2, nameString: ['krbtgt', 'CONTOSO.COM'] },
};

describe('RFC 4120 §5.9.1: KRB-ERROR', () => {
  test("MIT's encoding", () => {
    const error = findKrbError(fromHex(mitEncodings.error));
    expect(error).toMatchObject({ errorCode: 60, eText: 'krb5data' });
  });

  test('another message is none', () => {
    expect(findKrbError(fromHex(mitEncodings.as_rep))).toBeUndefined();
    expect(findKrbError(new Uint8Array(0))).toBeUndefined();
  });

  test('one that cannot be read is malformed', () => {
    expect(() => findKrbError(new Uint8Array([0x7e, 0]))).toThrow(KerberosError);
  });

  test('random e-data never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (eData) => {
        const error = kerberosErrorOf({ ...base, eData }, subject);
        return error instanceof KerberosError;
      }),
    );
  });

  test.each(Object.entries(ErrorCode))('%s has a text', (name, errorCode) => {
    const error = kerberosErrorOf({ ...base, errorCode }, subject);
    expect(error.message).toMatch(new RegExp(`^${name} \\(${errorCode}\\): .{10}`, 'u'));
    expect(error.detail.errorCode).toBe(errorCode);
    expect(isKrbError(error, errorCode)).toBe(true);
  });

  test('an unknown code is shown as a number', () => {
    const { message } = kerberosErrorOf({ ...base, errorCode: 1234 }, subject);
    expect(message).toContain('KRB_ERROR_1234 (1234): the KDC refused alice@CONTOSO.COM a ticket');
  });

  test('e-text is shown without control characters', () => {
    const { message, detail } = kerberosErrorOf({ ...base, eText: 'no\n\u001b[31m' }, subject);
    expect(message).toContain('the KDC says "no??[31m"');
    expect(detail.errorText).toBe('no\n\u001b[31m');
  });

  test.each([
    [1_000_000_000, "the KDC's clock is 0 s ahead"],
    [1_000_000_432, "the KDC's clock is 7 min 12 s ahead"],
    [999_999_970, "the KDC's clock is 30 s behind"],
  ])('the difference of clocks: %i', (stime, text) => {
    expect(describeSkew(stime, subject.now)).toBe(text);
    const { message, code } = kerberosErrorOf({ ...base, errorCode: 37, stime }, subject);
    expect(message).toContain(text);
    expect(code).toBe('skew');
  });
});

describe('MS-KILE 2.2.1 and 2.2.2: NTSTATUS in e-data', () => {
  test('KERB-ERROR-DATA of type 3 holds a KERB-EXT-ERROR', () => {
    expect(extendedStatus(statusData(0xc000_0225))).toBe(0xc000_0225);
    const error = kerberosErrorOf(
      { ...base, errorCode: 18, eData: statusData(0xc000_0234) },
      subject,
    );
    expect(error.detail.ntStatus).toBe(0xc000_0234);
    expect(error.message).toContain('STATUS_ACCOUNT_LOCKED_OUT: the account is locked out');
  });

  test('in an AS exchange it may stand in place of the salt', () => {
    const padataValue = fromHex('720000c00000000001000000');
    const eData = encodeDer(MethodData, [{ padataType: 3, padataValue }]);
    expect(extendedStatus(eData)).toBe(0xc000_0072);
    expect(errorPadata(eData)).toHaveLength(1);
    const salt = encodeDer(MethodData, [{ padataType: 3, padataValue: utf8('CONTOSO.COMalice') }]);
    expect(extendedStatus(salt)).toBeUndefined();
  });

  test.each<[string, Uint8Array | undefined]>([
    ['absent', undefined],
    ['empty', new Uint8Array(0)],
    ['another type', encodeDer(KerbErrorData, { dataType: 2, dataValue: new Uint8Array(12) })],
    ['too short', encodeDer(KerbErrorData, { dataType: 3, dataValue: new Uint8Array(8) })],
    ['without a value', encodeDer(KerbErrorData, { dataType: 3 })],
    ['PA-FX-FAST', encodeDer(MethodData, [{ padataType: 136, padataValue: utf8('sealed') }])],
  ])('%s: no status', (_title, eData) => expect(extendedStatus(eData)).toBeUndefined());

  test('every status has a name, and delegation has meanings of its own', () => {
    for (const [name, status] of Object.entries(KdcStatus)) {
      expect(describeStatus(status)).toMatch(new RegExp(`^${name}`, 'u'));
    }
    expect(describeStatus(0xc000_0001)).toBe('0xC0000001');
    expect(delegationMeaning(KdcStatus.STATUS_NOT_FOUND)).toContain('does not list the middle');
    expect(delegationMeaning(KdcStatus.STATUS_WRONG_PASSWORD)).toBeUndefined();
  });
});

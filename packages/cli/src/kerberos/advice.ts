/**
 * What to do about an error of Kerberos, where its own text says what happened and no more. It is
 * told by code and error code alone, so that no package has to be loaded for it.
 */
export function kerberosAdvice(error: Error): string | undefined {
  const code = 'code' in error ? String(error.code) : '';
  const detail = 'detail' in error ? error.detail : undefined;
  const errorCode =
    typeof detail === 'object' && detail !== null && 'errorCode' in detail
      ? Number(detail.errorCode)
      : undefined;
  const advice =
    (errorCode === undefined ? undefined : BY_ERROR.get(errorCode)) ?? BY_CODE.get(code);
  // A text that names the command already needs no advice.
  return advice !== undefined && error.message.includes('doublehop ') ? undefined : advice;
}

/** Codes of KerberosError. */
const BY_CODE: ReadonlyMap<string, string> = new Map([
  ['password', 'type it again, or renew the keytab'],
  ['no-credentials', 'get some with doublehop kinit, or give --keytab'],
  ['skew', 'set the clock of this machine'],
]);

/** Error codes of KDCs (RFC 4120 §7.5.9). */
const BY_ERROR: ReadonlyMap<number, string> = new Map([
  [18, 'enable or unlock the account in the directory'],
  [23, 'set a new one with doublehop kpasswd'],
  [32, 'get a new ticket with doublehop kinit'],
]);

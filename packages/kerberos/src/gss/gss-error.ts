import { CryptoError } from '@doublehop/crypto/errors';
import { WireError } from '@doublehop/wire/errors';
import { type GssStatus, KerberosError, type KerberosErrorDetail } from '../errors.ts';
import { ErrorCode } from '../iana/error-codes.ts';

/** A KerberosError `gss` with its major status (RFC 2743 §1.2.1.1). */
export function gssError(
  gssStatus: GssStatus,
  message: string,
  detail: KerberosErrorDetail = {},
): KerberosError {
  return new KerberosError('gss', message, { gssStatus, ...detail });
}

/**
 * Runs `read`, and turns what the peer's octets cause in lower layers into KerberosErrors `gss`:
 * bad encodings are defective tokens, and ciphertext that does not open is a changed message.
 */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof WireError) {
      const message = `${what} cannot be read: ${cause.message}`;
      throw gssError('GSS_S_DEFECTIVE_TOKEN', message, { cause });
    }
    if (cause instanceof CryptoError) throw ofCryptoError(what, cause);
    throw cause;
  }
}

function ofCryptoError(what: string, cause: CryptoError): KerberosError {
  if (cause.code === 'integrity') {
    const errorCode = ErrorCode.KRB_AP_ERR_BAD_INTEGRITY;
    return gssError('GSS_S_DEFECTIVE_TOKEN', `${what} does not decrypt`, { errorCode, cause });
  }
  const errorCode = ErrorCode.KDC_ERR_ETYPE_NOSUPP;
  return gssError('GSS_S_FAILURE', `${what}: ${cause.message}`, { errorCode, cause });
}

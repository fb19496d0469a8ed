import { MAX_SASL_BUFFER } from '../limits.ts';
import type { GssContext } from './gss-context.ts';
import type { Protection, SecurityLayer } from './mechanism.ts';

/** More than any wrap token of RFC 4121 §4.2.4 adds, for contexts that do not tell. */
const WRAP_OVERHEAD = 256;

/**
 * The security layer that a context gives: every buffer is one token of GSS_Wrap (RFC 2743 §2.3.3).
 * `peerMax` is the longest token that the peer takes. A token that is not sealed is refused where
 * sealing was agreed on.
 */
export function gssLayer(
  context: GssContext,
  protection: Exclude<Protection, 'none'>,
  peerMax: number,
): SecurityLayer {
  const seal = protection === 'confidentiality';
  const limit = context.wrapSizeLimit?.(peerMax, { seal }) ?? peerMax - WRAP_OVERHEAD;
  return {
    protection,
    maxSend: Math.max(1, limit),
    maxReceive: MAX_SASL_BUFFER,
    wrap: (bytes) => context.wrap(bytes, { seal }),
    unwrap(bytes) {
      const { message, sealed } = context.unwrap(bytes);
      if (seal && !sealed) throw new Error('a buffer came without the confidentiality agreed on');
      return message;
    },
  };
}

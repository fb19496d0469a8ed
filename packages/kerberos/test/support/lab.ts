import { pooledRandom } from '@doublehop/crypto/random';
import type {
  ClientContext,
  ClientSettings,
  ExchangeEvent,
} from '@doublehop/kerberos/client/context';
import { defaultSettings } from '@doublehop/kerberos/client/context';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import { KerberosError } from '@doublehop/kerberos/errors';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { type Principal, principal } from '@doublehop/kerberos/names';
import { FakeKdc, transportTo } from './fake-kdc.ts';

/** 2026-01-02 03:04:05 UTC, in milliseconds. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

export const REALM = 'CONTOSO.COM';
export const alice: Principal = principal(REALM, NameType.PRINCIPAL, 'alice');
export const middle: Principal = principal(REALM, NameType.PRINCIPAL, 'SERVERB$');
export const target: Principal = principal(REALM, NameType.SRV_INST, 'cifs', 'serverc');

/** A realm with a user, a middle and a target, and a client's context for it. */
export interface Lab {
  readonly kdc: FakeKdc;
  readonly context: ClientContext;
  readonly log: ExchangeEvent[];
}

/** The realm of the tests; `clockOff` is how far the client's clock is ahead, in seconds. */
export function makeLab(
  settings: Partial<ClientSettings> = {},
  { clockOff = 0, others = [] as readonly FakeKdc[] } = {},
): Lab {
  const kdc = makeKdc(REALM);
  const log: ExchangeEvent[] = [];
  const context: ClientContext = {
    transport: transportTo(kdc, ...others),
    clock: new KdcClock(() => kdc.now + clockOff * 1000),
    random: pooledRandom(),
    settings: { ...defaultSettings, ...settings },
    log: (event) => log.push(event),
  };
  return { kdc, context, log };
}

/** A KDC with the usual accounts. */
export function makeKdc(realm: string): FakeKdc {
  const kdc = new FakeKdc(realm, NOW, pooledRandom());
  kdc.addPassword('alice', 'Passw0rd.alice');
  kdc.addPassword('SERVERB$', 'Passw0rd.serverb');
  kdc.addPassword('cifs/serverc', 'Passw0rd.serverc');
  return kdc;
}

/** What a promise was refused with: code and message. */
export async function refusal(
  work: Promise<unknown>,
): Promise<{ readonly code: string; readonly message: string; readonly error: KerberosError }> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    return { code: error.code, message: error.message, error };
  }
  throw new Error('it was not refused');
}

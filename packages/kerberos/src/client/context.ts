import { defaultEncryptionTypes } from '@doublehop/crypto/policy';
import type { RandomSource } from '@doublehop/crypto/random';
import type { KdcClock } from './kdc-clock.ts';

/** Sends a request to a KDC of the realm and returns its answer, whichever way it travels. */
export type KdcTransport = (realm: string, request: Uint8Array) => Promise<Uint8Array>;

/** What may be asked for and what is accepted: [libdefaults] of a krb5.conf. */
export interface ClientSettings {
  /**
   * Encryption types that are asked for and accepted, the preferred first. A KDC that insists on
   * another one is refused: nothing falls back to a type that is not here.
   */
  readonly etypes: readonly number[];
  /** What an AS-REQ asks for, of `etypes`; all of them where absent (default_tkt_enctypes). */
  readonly asEtypes?: readonly number[] | undefined;
  /** What a TGS-REQ asks for, of `etypes`; all of them where absent (default_tgs_enctypes). */
  readonly tgsEtypes?: readonly number[] | undefined;
  /** Seconds by which a KDC's clock may differ. */
  readonly clockSkew: number;
  /** Whether a larger difference is corrected once by the KDC's own time (kdc_timesync). */
  readonly correctSkew: boolean;
  /** Seconds that an initial ticket should live. */
  readonly lifetime: number;
  /** Seconds during which an initial ticket can be renewed; 0 asks for no renewable ticket. */
  readonly renewLifetime: number;
  readonly forwardable: boolean;
  readonly proxiable: boolean;
  /** Let the KDC replace the client's name by its canonical one (RFC 6806 §6). */
  readonly canonicalize: boolean;
}

/** MIT's defaults, but forwardable: delegation needs it, and S4U2Self asks for it. */
export const defaultSettings: ClientSettings = {
  etypes: defaultEncryptionTypes,
  clockSkew: 300,
  correctSkew: true,
  lifetime: 24 * 3600,
  renewLifetime: 0,
  forwardable: true,
  proxiable: false,
  canonicalize: false,
};

/** The wanted types that are permitted, in the wanted order; all permitted ones by default. */
export function permittedOf(
  { etypes }: ClientSettings,
  ...wishes: readonly (readonly number[] | undefined)[]
): readonly number[] {
  const wish = wishes.find((list) => list !== undefined);
  return wish?.filter((etype) => etypes.includes(etype)) ?? etypes;
}

/** One step of an exchange, for a log. It holds no secret. */
export interface ExchangeEvent {
  readonly exchange: 'AS' | 'TGS' | 'S4U2Self' | 'S4U2Proxy';
  readonly realm: string;
  /** What happens, in a few words. */
  readonly step: string;
  /** Whom it is about: client or server. */
  readonly subject: string;
}

/** What every exchange needs from outside. */
export interface ClientContext {
  readonly transport: KdcTransport;
  readonly clock: KdcClock;
  readonly random: RandomSource;
  readonly settings: ClientSettings;
  readonly log?: ((event: ExchangeEvent) => void) | undefined;
}

/** A nonce that every KDC takes: 31 bits, as old peers read it as a signed number. */
export function freshNonce(random: RandomSource): number {
  const [a = 0, b = 0, c = 0, d = 0] = random(4);
  return (((a & 0x7f) << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** A time of the KerberosTime and Microseconds kind (RFC 4120 §5.2.3, §5.2.4). */
export interface Timestamp {
  readonly seconds: number;
  readonly microseconds: number;
}

/**
 * The KDC's time now. What is below a millisecond is random, so that two requests of the same
 * millisecond are not the same to a replay cache (RFC 4120 §3.2.3).
 */
export function freshTimestamp({ clock, random }: ClientContext): Timestamp {
  const now = clock.now();
  const [high = 0, low = 0] = random(2);
  const seconds = Math.floor(now / 1000);
  const milliseconds = Math.floor(now - seconds * 1000);
  return { seconds, microseconds: milliseconds * 1000 + (((high << 8) | low) % 1000) };
}

import { Key } from '@doublehop/crypto/key';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { PAC_SIGNATURE_USAGE } from '@doublehop/security/pac/signature';
import type { Account, KeySet } from '@doublehop/directory/account';
import { Refused } from '../errors.ts';
import type { KdcKey } from './sealed-ticket.ts';

/** The keys of one account, ready for use. */
interface KeyRing {
  /** Of the present password. */
  readonly current: readonly KdcKey[];
  /** Of the present and earlier ones, newest first: tickets outlive a change of password. */
  all?: readonly KdcKey[];
}

/** Earlier passwords whose tickets are honoured; a history of passwords may have many more. */
const HONOURED_PASSWORDS = 2;

/** Bits of msDS-SupportedEncryptionTypes by encryption type (MS-KILE 2.2.7). */
const SUPPORTED_BITS: ReadonlyMap<number, number> = new Map([
  [18, 0x10],
  [17, 0x08],
  [20, 0x80],
  [19, 0x40],
  [23, 0x04],
]);
/** AES session keys are fine although the account's own key is of another type (MS-KILE 2.2.7). */
const AES256_SESSION_KEY = 0x20;

/** What a server's key does to a ticket and its PAC (MS-PAC 2.8): derived in one go. */
const SEAL_USAGES = { encryption: [KeyUsage.TICKET], checksum: [PAC_SIGNATURE_USAGE] };

/**
 * Accounts' keys as Key objects, each made once and kept, with what it derives, for as long as the
 * directory keeps the account unchanged.
 */
export class Keys {
  readonly #rings = new WeakMap<Account, KeyRing>();
  readonly #types: readonly number[];

  /** `types` are the encryption types that are on, in the order of preference. */
  constructor(types: readonly number[]) {
    this.#types = types;
  }

  /** Keys of the present password, most preferred first. */
  current(account: Account): readonly KdcKey[] {
    return this.#ring(account).current;
  }

  /** Every key that may have sealed a ticket that is still valid. */
  all(account: Account): readonly KdcKey[] {
    const ring = this.#ring(account);
    ring.all ??= [...ring.current, ...this.earlier(account, HONOURED_PASSWORDS)];
    return ring.all;
  }

  /** Keys of so many passwords before the present one, newest first. */
  earlier(account: Account, count: number): readonly KdcKey[] {
    return account.previousKeys.slice(0, count).flatMap((set) => this.#import(set));
  }

  /**
   * The key that seals tickets to an account: the most preferred of those it has and says it
   * supports (MS-KILE 3.3.5.1.2…3.3.5.7).
   */
  forTicket(account: Account): KdcKey {
    const found = this.current(account).find(({ key }) => supports(account, key.etype));
    if (found !== undefined) {
      found.key.prepare(SEAL_USAGES);
      return found;
    }
    throw new Refused(
      account.keys === undefined ? 'KDC_ERR_NULL_KEY' : 'KDC_ERR_ETYPE_NOSUPP',
      'server-key',
    );
  }

  /**
   * The type of a session key between a client that names `offered` and a server: the most
   * preferred that both understand (RFC 4120 §3.1.3).
   */
  sessionType(offered: readonly number[], server: Account): number {
    const found = this.#types.find(
      (type) => offered.includes(type) && understands(server, type, this.current(server)),
    );
    if (found === undefined) throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'session-key');
    return found;
  }

  /** The value of PA-SUPPORTED-ENCTYPES for a server (MS-KILE 2.2.8). */
  supportedTypes(account: Account): number {
    if (account.supportedEncryptionTypes !== undefined) return account.supportedEncryptionTypes;
    let bits = 0;
    for (const { key } of this.current(account)) bits |= SUPPORTED_BITS.get(key.etype) ?? 0;
    return bits;
  }

  #ring(account: Account): KeyRing {
    let ring = this.#rings.get(account);
    if (ring === undefined) {
      ring = { current: account.keys === undefined ? [] : this.#import(account.keys) };
      this.#rings.set(account, ring);
    }
    return ring;
  }

  #import({ kvno, keys }: KeySet): KdcKey[] {
    return this.#types.flatMap((type) => {
      const stored = keys.find(({ etype }) => etype === type);
      return stored === undefined ? [] : [{ kvno, key: Key.of(type, stored.bytes) }];
    });
  }
}

function supports({ supportedEncryptionTypes: bits }: Account, type: number): boolean {
  // 0 means "not set" as well (MS-ADA2 2.481).
  return bits === undefined || bits === 0 || (bits & (SUPPORTED_BITS.get(type) ?? 0)) !== 0;
}

function understands(server: Account, type: number, keys: readonly KdcKey[]): boolean {
  const { supportedEncryptionTypes: bits } = server;
  if (bits === undefined || bits === 0) return keys.some(({ key }) => key.etype === type);
  return supports(server, type) || (type === 18 && (bits & AES256_SESSION_KEY) !== 0);
}

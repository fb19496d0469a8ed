import { Key } from '@doublehop/crypto/key';
import { hasControl } from '@doublehop/delegation/account-control';
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
const AES_SESSION_KEYS = 0x20;

/** What a domain can have for accounts that say nothing: RC4 and AES with SHA-1 (MS-KILE 2.2.7). */
const DOMAIN_DEFAULTS = 0x1c;

const RC4 = 23;
const KRBTGT = 502;

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
   * supports, or else RC4 where that is on (MS-KILE 3.3.5.7).
   */
  forTicket(account: Account): KdcKey {
    const current = declaresAny(account) ? this.current(account) : [];
    const found =
      current.find(({ key }) => declares(account, key.etype)) ??
      current.find(({ key }) => key.etype === RC4);
    if (found === undefined) {
      const name = account.keys === undefined ? 'KDC_ERR_NULL_KEY' : 'KDC_ERR_ETYPE_NOSUPP';
      throw new Refused(name, 'server-key');
    }
    found.key.prepare(SEAL_USAGES);
    return found;
  }

  /**
   * The type of a session key between a client and a server: the first that the client names and
   * the server understands (RFC 4120 §3.1.3, MS-KILE 3.3.5.7).
   */
  sessionType(offered: readonly number[], server: Account): number {
    const found = offered.find(
      (type) => this.#types.includes(type) && understands(server, type, this.current(server)),
    );
    if (found === undefined) throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'session-key');
    return found;
  }

  /** The value of PA-SUPPORTED-ENCTYPES for a server (MS-KILE 2.2.8). */
  supportedTypes(account: Account): number {
    const { supportedEncryptionTypes: bits } = account;
    const isSet = bits !== undefined && bits !== 0;
    if (isSet && !isController(account)) return bits;
    let all = isSet ? bits : 0;
    for (const { key } of this.current(account)) {
      all |= (SUPPORTED_BITS.get(key.etype) ?? 0) & DOMAIN_DEFAULTS;
    }
    return all;
  }

  #ring(account: Account): KeyRing {
    let ring = this.#rings.get(account);
    if (ring === undefined) {
      // An account that is told to use DES alone has no key that anybody takes (RFC 6649).
      const usable = hasControl(account.userAccountControl, 'USE_DES_KEY_ONLY')
        ? undefined
        : account.keys;
      ring = { current: usable === undefined ? [] : this.#import(usable) };
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

/** Bits that name encryption types. */
const TYPE_BITS = [...SUPPORTED_BITS.values()].reduce((all, bit) => all | bit, 0);

/** Controllers and krbtgt understand whatever the KDC does, which they are (MS-KILE 2.2.7). */
function isController({ rid, userAccountControl }: Account): boolean {
  return rid === KRBTGT || hasControl(userAccountControl, 'SERVER_TRUST_ACCOUNT');
}

/** Whether an account says that it has keys of a type; 0 means "not set" (MS-ADA2 2.481). */
function declares(account: Account, type: number): boolean {
  const { supportedEncryptionTypes: bits } = account;
  if (bits === undefined || bits === 0 || isController(account)) return true;
  return (bits & (SUPPORTED_BITS.get(type) ?? 0)) !== 0;
}

/** Not so where only other bits are set: FAST, or AES session keys. */
function declaresAny(account: Account): boolean {
  const { supportedEncryptionTypes: bits } = account;
  return bits === undefined || bits === 0 || isController(account) || (bits & TYPE_BITS) !== 0;
}

function onlyRc4(keys: readonly KdcKey[]): boolean {
  return keys.length > 0 && keys.every(({ key }) => key.etype === RC4);
}

function understands(server: Account, type: number, keys: readonly KdcKey[]): boolean {
  const { supportedEncryptionTypes: bits } = server;
  if (type === RC4 && onlyRc4(keys)) return true;
  if (bits === undefined || bits === 0 || isController(server)) {
    return keys.some(({ key }) => key.etype === type);
  }
  if ((bits & AES_SESSION_KEYS) !== 0 && (type === 18 || type === 17)) return true;
  return declares(server, type);
}

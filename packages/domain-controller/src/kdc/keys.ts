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
  tgts?: readonly KdcKey[];
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

/** What is told of keys in PA-SUPPORTED-ENCTYPES: RC4 and AES with SHA-1 (MS-KILE 2.2.8). */
const TOLD_TYPES = 0x1c;

/**
 * The types of accounts that do not say theirs: AES, as in today's Windows; 0x24 is what it was
 * before: tickets sealed with RC4, whose session keys may be AES (MS-KILE 3.3.1).
 */
export const AES_BY_DEFAULT = 0xd8;
export const RC4_BY_DEFAULT = 0x24;

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
  readonly #defaultBits: number;

  /**
   * `types` are the encryption types that are on, in the order of preference; `defaultBits` stand
   * in for msDS-SupportedEncryptionTypes of accounts that have none.
   */
  constructor(types: readonly number[], defaultBits: number = AES_BY_DEFAULT) {
    this.#types = types;
    this.#defaultBits = defaultBits;
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

  /**
   * Those of krbtgt that may have sealed a TGT: never RC4 where there is AES, whose keys are no
   * easier to get than by breaking AES.
   */
  ofTgts(krbtgt: Account): readonly KdcKey[] {
    const ring = this.#ring(krbtgt);
    if (ring.tgts === undefined) {
      const all = this.all(krbtgt);
      const strong = all.filter(({ key }) => key.etype !== RC4);
      ring.tgts = strong.length > 0 ? strong : all;
    }
    return ring.tgts;
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
    const bits = this.#bits(account);
    // No key where only other bits are set: FAST, or AES session keys.
    const current = bits === CONTROLLER || (bits & TYPE_BITS) !== 0 ? this.current(account) : [];
    const found =
      current.find(({ key }) => declares(bits, key.etype)) ??
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
      (type) => this.#types.includes(type) && this.#understands(server, type),
    );
    if (found === undefined) throw new Refused('KDC_ERR_ETYPE_NOSUPP', 'session-key');
    return found;
  }

  /** The value of PA-SUPPORTED-ENCTYPES for a server (MS-KILE 2.2.8). */
  supportedTypes(account: Account): number {
    const bits = ownBits(account);
    if (!isController(account)) return bits ?? this.#defaultBits & TOLD_BITS;
    let all = bits ?? 0;
    for (const { key } of this.current(account)) all |= bitOf(key.etype) & TOLD_TYPES;
    return all;
  }

  /** Bits of the types that an account supports, or CONTROLLER. */
  #bits(account: Account): number {
    return isController(account) ? CONTROLLER : (ownBits(account) ?? this.#defaultBits);
  }

  #understands(server: Account, type: number): boolean {
    const keys = this.current(server);
    if (type === RC4 && onlyRc4(keys)) return true;
    const bits = this.#bits(server);
    if (bits === CONTROLLER) return keys.some(({ key }) => key.etype === type);
    if ((bits & AES_SESSION_KEYS) !== 0 && (type === 18 || type === 17)) return true;
    if (!declares(bits, type)) return false;
    return ownBits(server) !== undefined || keys.some(({ key }) => key.etype === type);
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

/** Of the domain's default, clients are told what Windows has (MS-KILE 2.2.7). */
const TOLD_BITS = TOLD_TYPES | AES_SESSION_KEYS;

/** Stands for all the types of the KDC. */
const CONTROLLER = -1;

/** Controllers and krbtgt understand whatever the KDC does, which they are (MS-KILE 2.2.7). */
function isController({ rid, userAccountControl }: Account): boolean {
  return rid === KRBTGT || hasControl(userAccountControl, 'SERVER_TRUST_ACCOUNT');
}

/** msDS-SupportedEncryptionTypes of an account; 0 means "not set" (MS-ADA2 2.481). */
function ownBits({ supportedEncryptionTypes: bits }: Account): number | undefined {
  return bits === 0 ? undefined : bits;
}

function bitOf(type: number): number {
  return SUPPORTED_BITS.get(type) ?? 0;
}

function declares(bits: number, type: number): boolean {
  return (bits & bitOf(type)) !== 0;
}

function onlyRc4(keys: readonly KdcKey[]): boolean {
  return keys.length > 0 && keys.every(({ key }) => key.etype === RC4);
}

import { EncryptionType } from '../iana/encryption-types.ts';

const { AES128_CTS_HMAC_SHA1_96, AES256_CTS_HMAC_SHA1_96, RC4_HMAC } = EncryptionType;
const { AES128_CTS_HMAC_SHA256_128, AES256_CTS_HMAC_SHA384_192 } = EncryptionType;

/** Names and aliases of encryption types (MIT lib/crypto/krb/etypes.c), the usual one first. */
const NAMES: readonly (readonly [etype: number, ...names: string[]])[] = [
  [AES256_CTS_HMAC_SHA1_96, 'aes256-cts-hmac-sha1-96', 'aes256-cts', 'aes256-sha1'],
  [AES128_CTS_HMAC_SHA1_96, 'aes128-cts-hmac-sha1-96', 'aes128-cts', 'aes128-sha1'],
  [AES256_CTS_HMAC_SHA384_192, 'aes256-cts-hmac-sha384-192', 'aes256-sha2'],
  [AES128_CTS_HMAC_SHA256_128, 'aes128-cts-hmac-sha256-128', 'aes128-sha2'],
  [RC4_HMAC, 'arcfour-hmac', 'rc4-hmac', 'arcfour-hmac-md5'],
  // Named for displays only: no key of these types is made here.
  [1, 'des-cbc-crc'],
  [3, 'des-cbc-md5'],
  [16, 'des3-cbc-sha1', 'des3-hmac-sha1', 'des3-cbc-sha1-kd'],
  [24, 'arcfour-hmac-exp', 'rc4-hmac-exp', 'arcfour-hmac-md5-exp'],
  [25, 'camellia128-cts-cmac', 'camellia128-cts'],
  [26, 'camellia256-cts-cmac', 'camellia256-cts'],
];

const BY_NAME: ReadonlyMap<string, number> = new Map(
  NAMES.flatMap(([etype, ...names]) => names.map((name) => [name, etype] as const)),
);
const BY_NUMBER: ReadonlyMap<number, string> = new Map(
  NAMES.map(([etype, name]) => [etype, name ?? `etype ${etype}`]),
);

const FAMILIES: ReadonlyMap<string, readonly number[]> = new Map([
  [
    'aes',
    [
      AES256_CTS_HMAC_SHA1_96,
      AES128_CTS_HMAC_SHA1_96,
      AES256_CTS_HMAC_SHA384_192,
      AES128_CTS_HMAC_SHA256_128,
    ],
  ],
  ['rc4', [RC4_HMAC]],
]);

const IMPLEMENTED: ReadonlySet<number> = new Set(Object.values(EncryptionType));

/** MIT's default list, strongest use first, as far as this package has the types. */
const DEFAULT_ETYPES: readonly number[] = [
  AES256_CTS_HMAC_SHA1_96,
  AES128_CTS_HMAC_SHA1_96,
  AES256_CTS_HMAC_SHA384_192,
  AES128_CTS_HMAC_SHA256_128,
  RC4_HMAC,
];

/** The number of an encryption type by any of its names; undefined for unknown ones. */
export function etypeNumber(name: string): number | undefined {
  return BY_NAME.get(name.toLowerCase());
}

/** The usual name of an encryption type. */
export function etypeName(etype: number): string {
  return BY_NUMBER.get(etype) ?? `etype ${etype}`;
}

/**
 * The encryption types that a list such as `DEFAULT -rc4 aes256-sha2` means, in order: names,
 * families (`aes`, `rc4`) and `DEFAULT`, each taken away where `-` precedes it. Unknown names and
 * types without an implementation are left out, as MIT does; RC4 unless it is allowed.
 */
export function parseEtypeList(
  text: string,
  { allowRc4, defaults = DEFAULT_ETYPES }: EtypeListOptions,
): number[] {
  const chosen = new Set<number>();
  for (const word of text.split(/[\s,]+/)) {
    const [, sign, name = ''] = /^([+-]?)(.*)$/s.exec(word.toLowerCase()) ?? [];
    const single = etypeNumber(name);
    const meant = name === 'default' ? defaults : (FAMILIES.get(name) ?? singleton(single));
    for (const etype of meant) {
      if (sign === '-') chosen.delete(etype);
      else if (IMPLEMENTED.has(etype) && (allowRc4 || etype !== RC4_HMAC)) chosen.add(etype);
    }
  }
  return [...chosen];
}

/** What a list of encryption types may contain. */
export interface EtypeListOptions {
  readonly allowRc4: boolean;
  /** What `DEFAULT` stands for. */
  readonly defaults?: readonly number[];
}

function singleton(etype: number | undefined): readonly number[] {
  return etype === undefined ? [] : [etype];
}

import { CryptoError } from '@doublehop/crypto/errors';
import { Key } from '@doublehop/crypto/key';
import { defaultIterations, stringToKey } from '@doublehop/crypto/string-to-key';
import { decodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import type { KeyBlock } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { PaType } from '../iana/padata-types.ts';
import { findKey, type KeytabEntry } from '../keytab.ts';
import { MIN_ITERATIONS } from '../limits.ts';
import { findPadata, type MethodData } from '../messages/common.ts';
import { EtypeInfo, EtypeInfo2 } from '../messages/padata.ts';
import { formatPrincipal, type Principal } from '../names.ts';

/** What a client proves itself with. */
export type ClientSecret =
  | { readonly kind: 'password'; readonly password: string }
  /** One long-term key for each encryption type, as a keytab holds them. */
  | { readonly kind: 'keys'; readonly keys: readonly KeyBlock[] };

/** How a long-term key is made of a password: what the KDC told, or the default. */
export interface KeyRecipe {
  readonly etype: number;
  readonly salt: string | Uint8Array;
  readonly s2kparams?: Uint8Array | undefined;
}

/** The newest key of each encryption type that a keytab has for the principal. */
export function secretFromKeytab(entries: readonly KeytabEntry[], client: Principal): ClientSecret {
  const etypes = new Set(entries.map(({ key }) => key.etype));
  const keys = [...etypes].flatMap((etype) => findKey(entries, client, { etype })?.key ?? []);
  if (keys.length > 0) return { kind: 'keys', keys };
  const subject = formatPrincipal(client);
  throw new KerberosError('keytab', `the keytab has no key for ${subject}`, { subject });
}

/** The permitted types that the secret can answer for, in the order of preference. */
export function usableEtypes(secret: ClientSecret, permitted: readonly number[]): number[] {
  if (secret.kind === 'password') return [...permitted];
  return permitted.filter((etype) => secret.keys.some((key) => key.etype === etype));
}

/** The recipe with the KDC's defaults: realm and name are the salt (RFC 4120 §4). */
export function defaultRecipe(etype: number, client: Principal): KeyRecipe {
  return { etype, salt: client.realm + client.name.nameString.join('') };
}

/**
 * The recipes that a KDC's padata offers. ETYPE-INFO2 counts alone where it is there; ETYPE-INFO
 * and PW-SALT are what older KDCs send (RFC 4120 §5.2.7.3 to 5). Undefined where it tells nothing.
 */
export function offeredRecipes(
  padata: MethodData | undefined,
  client: Principal,
  etypes: readonly number[],
): KeyRecipe[] | undefined {
  const info2 = findPadata(padata, PaType.ETYPE_INFO2);
  if (info2 !== undefined) {
    return decodeInfo(EtypeInfo2, info2).map(({ etype, salt, s2kparams }) => ({
      etype,
      salt: salt ?? defaultRecipe(etype, client).salt,
      s2kparams,
    }));
  }
  const info = findPadata(padata, PaType.ETYPE_INFO);
  if (info !== undefined) {
    return decodeInfo(EtypeInfo, info).map(({ etype, salt }) => ({
      etype,
      salt: salt ?? defaultRecipe(etype, client).salt,
    }));
  }
  const salt = findPadata(padata, PaType.PW_SALT);
  return salt === undefined ? undefined : etypes.map((etype) => ({ etype, salt }));
}

/**
 * The recipe of the type that we prefer among those we permit. The KDC's order does not count, and
 * neither does a type that only the KDC wants: padata is not protected (RFC 4120 §10).
 *
 * Throws KerberosError `etype-nosupp` where nothing is left.
 */
export function chooseRecipe(
  recipes: readonly KeyRecipe[],
  etypes: readonly number[],
  client: Principal,
): KeyRecipe {
  for (const etype of etypes) {
    const recipe = recipes.find((offered) => offered.etype === etype);
    if (recipe !== undefined) return recipe;
  }
  const offered = recipes.map(({ etype }) => etype).join(', ') || 'none';
  const subject = formatPrincipal(client);
  throw new KerberosError(
    'etype-nosupp',
    `the KDC offers ${subject} encryption types ${offered}, of which none is permitted; give the ` +
      'account AES keys, or permit the type',
    { subject },
  );
}

/**
 * The key of a recipe: the password's, or the keytab's of that type.
 *
 * Throws KerberosError `etype-nosupp` without such a key and `limit` for unreasonable parameters.
 */
export async function makeKey(secret: ClientSecret, recipe: KeyRecipe): Promise<Key> {
  const { etype, salt, s2kparams } = recipe;
  if (secret.kind === 'keys') {
    const found = secret.keys.find((key) => key.etype === etype);
    if (found !== undefined) return Key.of(etype, found.bytes);
    throw new KerberosError('etype-nosupp', `there is no key of encryption type ${etype}`);
  }
  checkIterations(etype, s2kparams);
  try {
    return await stringToKey(etype, secret.password, salt, s2kparams);
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new KerberosError('limit', `the KDC's salt parameters are refused: ${cause.message}`, {
      cause,
    });
  }
}

function checkIterations(etype: number, params: Uint8Array | undefined): void {
  if (params?.length !== 4 || defaultIterations(etype) === undefined) return;
  const iterations = new DataView(params.buffer, params.byteOffset).getUint32(0);
  if (iterations === 0 || iterations >= MIN_ITERATIONS) return;
  throw new KerberosError(
    'limit',
    `the KDC asks for ${iterations} iterations of the password's hash; fewer than ` +
      `${MIN_ITERATIONS} would help who guesses`,
  );
}

function decodeInfo<T>(type: Parameters<typeof decodeDer<T>>[0], bytes: Uint8Array): T {
  try {
    return decodeDer(type, bytes);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new KerberosError('malformed', "the KDC's ETYPE-INFO cannot be read", { cause });
  }
}

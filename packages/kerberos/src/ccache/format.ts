import type { CredentialTimes, Credentials, KeyBlock } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { type ByteOrder, FileReader, FileWriter } from '../file-bytes.ts';
import { NameType } from '../iana/name-types.ts';
import { MAX_CACHE_ENTRIES, MAX_CACHE_FILE, MAX_LIST, MAX_NAME_COMPONENTS } from '../limits.ts';
import type { Principal } from '../names.ts';

/** Version of the FILE format (MIT krb5 doc/formats/ccache_file_format). We write 4. */
export type CacheVersion = 1 | 2 | 3 | 4;

/** What to add to the clock of this machine for the KDC's: header field 1, DeltaTime. */
export interface KdcOffset {
  /** Signed 32 bits. */
  readonly seconds: number;
  readonly microseconds: number;
}

/** The start of a cache file. */
export interface CacheHeader {
  readonly version: CacheVersion;
  readonly kdcOffset?: KdcOffset | undefined;
  readonly principal: Principal;
}

/** One credential of a cache file and where it stands. */
export interface CacheEntry {
  readonly credentials: Credentials;
  /** Removed entries stay in the file and match nothing. */
  readonly removed: boolean;
  readonly start: number;
  readonly end: number;
}

/** A cache file. */
export interface CacheFile {
  readonly header: CacheHeader;
  readonly entries: readonly CacheEntry[];
}

/**
 * Reads a cache file of version 1 to 4. The integers of versions 1 and 2 stand in `order`, the
 * byte order of the machine that wrote it. Unknown header fields are skipped.
 *
 * Throws KerberosError `ccache`.
 */
export function decodeCache(bytes: Uint8Array, order: ByteOrder = 'little'): CacheFile {
  if (bytes.length > MAX_CACHE_FILE) throw cacheError('is too large', 0);
  const version = versionOf(bytes);
  const reader = new FileReader(bytes, version < 3 ? order : 'big', cacheError);
  reader.pos = 2;
  const kdcOffset = version === 4 ? readHeaderFields(reader) : undefined;
  const principal = readPrincipal(reader, version);
  const entries: CacheEntry[] = [];
  while (reader.left > 0) {
    if (entries.length === MAX_CACHE_ENTRIES) throw reader.error('has too many entries');
    const start = reader.pos;
    const credentials = readCredentials(reader, version);
    const removed = isRemoved(credentials.times);
    entries.push({ credentials, removed, start, end: reader.pos });
  }
  return { header: { version, kdcOffset, principal }, entries };
}

/** The version of a cache file. Throws KerberosError `ccache` where there is none. */
export function versionOf(bytes: Uint8Array): CacheVersion {
  const version = bytes[0] === 5 ? bytes[1] : undefined;
  if (version === 1 || version === 2 || version === 3 || version === 4) return version;
  throw cacheError('is of no known version', 0);
}

/** A cache file without credentials. */
export function encodeHeader(header: CacheHeader, order: ByteOrder = 'little'): Uint8Array {
  const { version, kdcOffset, principal } = header;
  const writer = new FileWriter(version < 3 ? order : 'big');
  writer.uint8(5);
  writer.uint8(version);
  if (version === 4) {
    writer.int16(kdcOffset === undefined ? 0 : 12);
    if (kdcOffset !== undefined) {
      writer.int16(DELTA_TIME);
      writer.int16(8);
      writer.int32(kdcOffset.seconds);
      writer.int32(kdcOffset.microseconds);
    }
  }
  writePrincipal(writer, version, principal);
  return writer.finish();
}

/** One credential as it stands in a file of that version. */
export function encodeCredentials(
  version: CacheVersion,
  credentials: Credentials,
  order: ByteOrder = 'little',
): Uint8Array {
  const { client, server, key, times, addresses, authorizationData } = credentials;
  const writer = new FileWriter(version < 3 ? order : 'big');
  writePrincipal(writer, version, client);
  writePrincipal(writer, version, server);
  writer.int16(key.etype);
  if (version === 3) writer.int16(key.etype);
  writer.data32(key.bytes);
  writer.int32(times.authtime);
  writer.int32(times.starttime);
  writer.int32(times.endtime);
  writer.int32(times.renewTill);
  writer.uint8(credentials.isSkey ? 1 : 0);
  writer.int32(credentials.flags);
  const typed = [
    addresses.map(({ addrType, address }) => ({ type: addrType, data: address })),
    authorizationData.map(({ adType, adData }) => ({ type: adType, data: adData })),
  ];
  for (const list of typed) {
    writer.int32(list.length);
    for (const { type, data } of list) {
      writer.int16(type);
      writer.data32(data);
    }
  }
  writer.data32(credentials.ticket);
  writer.data32(credentials.secondTicket);
  return writer.finish();
}

/**
 * The credential that overwrites a removed one, of the same size: it has ended, its authtime marks
 * it, and a configuration entry lies in a realm that nobody looks in (MIT cc_file.c delete_cred).
 */
export function removedCredentials(credentials: Credentials): Credentials {
  const { server, times } = credentials;
  const realm = server.realm === CONFIG_REALM ? REMOVED_CONFIG_REALM : server.realm;
  return {
    ...credentials,
    server: { ...server, realm },
    times: { ...times, authtime: 0xffff_ffff, endtime: 0 },
  };
}

/** Realm of the servers of configuration entries. */
export const CONFIG_REALM = 'X-CACHECONF:';
const REMOVED_CONFIG_REALM = 'X-RMED-CONF:';

/** Tag of the one known header field. */
const DELTA_TIME = 1;

/** Entries of other kinds with an endtime of 0, such as configuration, have no authtime either. */
function isRemoved(times: CredentialTimes): boolean {
  return times.endtime === 0 && times.authtime !== 0;
}

function readHeaderFields(reader: FileReader): KdcOffset | undefined {
  const size = reader.uint16();
  const end = reader.pos + size;
  let offset: KdcOffset | undefined;
  while (reader.pos < end) {
    const tag = reader.uint16();
    const length = reader.uint16();
    if (reader.pos + length > end) throw reader.error('has a field that ends after the header');
    if (tag !== DELTA_TIME) {
      reader.octets(length);
    } else if (length === 8) {
      offset = { seconds: reader.int32(), microseconds: reader.int32() };
    } else {
      throw reader.error('has a DeltaTime of a wrong size');
    }
  }
  return offset;
}

function readPrincipal(reader: FileReader, version: CacheVersion): Principal {
  const nameType = version === 1 ? NameType.UNKNOWN : reader.int32();
  const components = reader.uint32() - (version === 1 ? 1 : 0);
  if (components < 0 || components > MAX_NAME_COMPONENTS) {
    throw reader.error(`has a name of ${components} components`);
  }
  const realm = reader.text(reader.uint32());
  const nameString: string[] = [];
  for (let i = 0; i < components; i += 1) nameString.push(reader.text(reader.uint32()));
  return { name: { nameType, nameString }, realm };
}

function readCredentials(reader: FileReader, version: CacheVersion): Credentials {
  return {
    client: readPrincipal(reader, version),
    server: readPrincipal(reader, version),
    key: readKey(reader, version),
    times: {
      authtime: reader.uint32(),
      starttime: reader.uint32(),
      endtime: reader.uint32(),
      renewTill: reader.uint32(),
    },
    isSkey: reader.uint8() !== 0,
    flags: reader.uint32(),
    addresses: readList(reader).map(({ type, data }) => ({ addrType: type, address: data })),
    authorizationData: readList(reader).map(({ type, data }) => ({ adType: type, adData: data })),
    ticket: reader.octets(reader.uint32()),
    secondTicket: reader.octets(reader.uint32()),
  };
}

function readKey(reader: FileReader, version: CacheVersion): KeyBlock {
  const etype = reader.int16();
  if (version === 3) reader.int16();
  return { etype, bytes: reader.octets(reader.uint32()) };
}

function readList(reader: FileReader): { type: number; data: Uint8Array }[] {
  const count = reader.uint32();
  if (count > MAX_LIST) throw reader.error(`has a list of ${count} elements`);
  const list: { type: number; data: Uint8Array }[] = [];
  for (let i = 0; i < count; i += 1) {
    list.push({ type: reader.int16(), data: reader.octets(reader.uint32()) });
  }
  return list;
}

function writePrincipal(writer: FileWriter, version: CacheVersion, principal: Principal): void {
  const { nameType, nameString } = principal.name;
  if (version !== 1) writer.int32(nameType);
  writer.int32(nameString.length + (version === 1 ? 1 : 0));
  writer.data32(principal.realm);
  for (const component of nameString) writer.data32(component);
}

function cacheError(reason: string, offset: number): KerberosError {
  return new KerberosError('ccache', `the credential cache ${reason} (at byte ${offset})`);
}

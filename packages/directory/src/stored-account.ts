import { decodeSid, domainOf, type Sid } from '@doublehop/security/sid';
import type { Account, AccountGroup, AccountKind, KeySet } from './account.ts';
import { isKept, type AccountField, type AccountFields, type Kept } from './account-fields.ts';
import type { Closure, DirectGroups } from './account-groups.ts';
import type { Placed } from './blocks.ts';
import { decodeKeys, type KeysPart } from './keys-record.ts';
import { decodeValues, firstValue, type StoredEntry, type StoredValue } from './record.ts';

/** Where an account finds what is not in its own record. */
export interface AccountContext {
  readonly fields: AccountFields;
  /** Entries whose `member` names the account. */
  directGroups(account: Pick<StoredEntry, 'id' | 'flags'>): readonly number[];
  closure(direct: DirectGroups): Closure;
  /** A copy of the record of its keys. */
  keys(id: number): Placed | undefined;
  dn(id: number): string | undefined;
}

/**
 * An account over its stored form. Numbers and times are decoded at once; names, lists and
 * descriptors when they are asked for, out of the bytes that were current when the account was
 * made; groups, keys and DN are read at first use and remembered. Small, for many are kept: no
 * text or object that most requests do not ask for.
 */
export class StoredAccount implements Account {
  readonly id: number;
  readonly usn: number;
  readonly kind: AccountKind;
  readonly rid: number;
  readonly userAccountControl: number;
  readonly accountExpires: bigint;
  readonly lockoutTime: bigint;
  readonly pwdLastSet: bigint;
  readonly logonCount: number;
  readonly badPwdCount: number;
  readonly supportedEncryptionTypes: number | undefined;
  readonly primaryGroupRid: number;
  readonly #flags: number;
  readonly #kept: Kept;
  /** `#kept.present`, near at hand: most of what is asked for is absent. */
  readonly #present: number;
  readonly #context: AccountContext;
  #sid: Sid | undefined;
  #samAccountName: string | undefined;
  #closure: Closure | undefined;
  #keys: Placed | undefined;
  #dn: string | undefined;

  /** The account of an entry; undefined when the entry is none. */
  static of(entry: StoredEntry, context: AccountContext): StoredAccount | undefined {
    const { fields } = context;
    fields.open(entry);
    const kind = fields.kind();
    const rid = fields.rid();
    if (kind === undefined || rid === undefined) return undefined;
    return new StoredAccount(entry, context, kind, rid);
  }

  private constructor(entry: StoredEntry, context: AccountContext, kind: AccountKind, rid: number) {
    const { fields } = context;
    this.id = entry.id;
    this.usn = fields.number('uSNChanged') ?? 0;
    this.kind = kind;
    this.rid = rid;
    this.userAccountControl = fields.number('userAccountControl') ?? 0;
    this.accountExpires = fields.time('accountExpires');
    this.lockoutTime = fields.time('lockoutTime');
    this.pwdLastSet = fields.time('pwdLastSet');
    this.logonCount = fields.number('logonCount') ?? 0;
    this.badPwdCount = fields.number('badPwdCount') ?? 0;
    this.supportedEncryptionTypes = fields.number('msDS-SupportedEncryptionTypes');
    this.primaryGroupRid = fields.number('primaryGroupID') ?? 0;
    this.#flags = entry.flags;
    this.#kept = fields.keep();
    this.#present = this.#kept.present;
    this.#context = context;
  }

  /** Whether no group that it is in has changed since its groups were asked for. */
  get isCurrent(): boolean {
    return this.#closure === undefined || this.#closure.isCurrent;
  }

  get sid(): Sid {
    this.#sid ??= decodeSid(this.#bytes('objectSid') ?? new Uint8Array(0));
    return this.#sid;
  }

  get dn(): string {
    this.#dn ??= this.#context.dn(this.id) ?? '';
    return this.#dn;
  }

  get samAccountName(): string {
    this.#samAccountName ??= this.#text('sAMAccountName') ?? '';
    return this.#samAccountName;
  }

  get userPrincipalName(): string | undefined {
    return this.#text('userPrincipalName');
  }

  get displayName(): string | undefined {
    return this.#text('displayName');
  }

  get dnsHostName(): string | undefined {
    return this.#text('dNSHostName');
  }

  get servicePrincipalNames(): readonly string[] {
    return this.#values('servicePrincipalName').filter((value) => typeof value === 'string');
  }

  get logonHours(): Uint8Array | undefined {
    return this.#bytes('logonHours');
  }

  get userWorkstations(): string | undefined {
    return this.#text('userWorkstations');
  }

  get allowedToDelegateTo(): readonly string[] {
    return this.#values('msDS-AllowedToDelegateTo').filter((value) => typeof value === 'string');
  }

  get allowedToActOnBehalf(): Uint8Array | undefined {
    return this.#bytes('msDS-AllowedToActOnBehalfOfOtherIdentity');
  }

  get groups(): readonly AccountGroup[] {
    return this.#groups().groups;
  }

  get resourceGroups(): readonly AccountGroup[] {
    return this.#groups().resourceGroups;
  }

  get builtinGroups(): readonly Sid[] {
    return this.#groups().builtinGroups;
  }

  get extraSids(): readonly Sid[] {
    const { extraSids } = this.#groups();
    const history = this.#values('sIDHistory');
    if (history.length === 0) return extraSids;
    const earlier = history.flatMap((value) =>
      value instanceof Uint8Array ? [decodeSid(value)] : [],
    );
    return [...earlier, ...extraSids];
  }

  get protectedUser(): boolean {
    return this.#groups().protectedUser;
  }

  get keys(): KeySet | undefined {
    return this.#keySets({ count: 1 })[0];
  }

  get previousKeys(): readonly KeySet[] {
    return this.#keySets({ skip: 1 });
  }

  #groups(): Closure {
    this.#closure ??= this.#context.closure({
      domain: domainOf(this.sid),
      primaryGroupRid: this.primaryGroupRid,
      ids: this.#context.directGroups({ id: this.id, flags: this.#flags }),
    });
    return this.#closure;
  }

  #keySets(part: KeysPart): readonly KeySet[] {
    this.#keys ??= this.#context.keys(this.id);
    if (this.#keys === undefined) return [];
    const { bytes, start } = this.#keys;
    return decodeKeys(bytes, { ...part, start });
  }

  #values(name: AccountField): readonly StoredValue[] {
    const place = this.#place(name);
    return place < 0 ? [] : decodeValues(this.#kept.bytes, place);
  }

  #text(name: AccountField): string | undefined {
    const [value] = this.#values(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** A view: a descriptor is read once a request and has no need of a copy. */
  #bytes(name: AccountField): Uint8Array | undefined {
    const place = this.#place(name);
    if (place < 0) return undefined;
    const { bytes } = this.#kept;
    const { start, end } = firstValue(bytes, place);
    return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
  }

  #place(name: AccountField): number {
    if (!isKept(this.#present, name)) return -1;
    return this.#context.fields.placeIn(this.#kept, name);
  }
}

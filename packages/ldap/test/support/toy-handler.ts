import { equal, fromUtf8, toHex, utf8 } from '@doublehop/wire/bytes';
import { findControl, pagedResults } from '../../src/controls.ts';
import { LdapError } from '../../src/errors.ts';
import type { Filter } from '../../src/filter.ts';
import { CONTROLS } from '../../src/oids.ts';
import type { SaslOutcome } from '../../src/sasl/mechanism.ts';
import type {
  LdapHandler,
  LdapResult,
  LdapSession,
  QueuedRequest,
  RequestContext,
  SearchRequest,
  ServerEntry,
  ServerItem,
} from '../../src/server/handler.ts';

/** Attributes by lower-case name. */
type Entry = Map<string, Uint8Array[]>;

/**
 * A directory small enough to be read at a glance, for tests of the engine and the client. DNs are
 * texts compared without case; `uid=alice` has the password `secret`.
 */
export class ToyHandler implements LdapHandler<string> {
  readonly supportedControls: ReadonlySet<string> = new Set([CONTROLS.pagedResults]);
  readonly entries = new Map<string, Entry>();
  /** Searches that were left before their end. */
  released = 0;
  /** Operations in the order of their end. */
  readonly journal: string[] = [];

  constructor() {
    this.put('dc=example', { objectClass: ['domain'], dc: ['example'] });
    this.put('uid=alice,dc=example', { objectClass: ['person'], uid: ['alice'], sn: ['A'] });
    this.put('uid=bob,dc=example', { objectClass: ['person'], uid: ['bob'], sn: ['B'] });
  }

  put(dn: string, attributes: Readonly<Record<string, readonly string[]>>): void {
    const list = Object.entries(attributes).map(
      ([name, values]) => [name.toLowerCase(), values.map(utf8)] as const,
    );
    this.entries.set(dn.toLowerCase(), new Map(list));
  }

  bindSimple(_session: LdapSession<string>, name: string, password: Uint8Array): string {
    if (name === 'uid=alice,dc=example' && fromUtf8(password) === 'secret') return 'alice';
    throw new LdapError('invalidCredentials', 'no such user or wrong password');
  }

  bindSasl(_session: LdapSession<string>, { peer }: SaslOutcome): string {
    if (peer === 'mallory') throw new LdapError('authorizationDenied', 'not you');
    return peer;
  }

  authorizationId({ identity }: LdapSession<string>): string {
    return identity === undefined ? '' : `u:${identity}`;
  }

  rootDse(): ServerEntry {
    const attributes = [
      { type: 'supportedLDAPVersion', values: ['3'] },
      { type: 'namingContexts', values: ['dc=example'] },
    ];
    return { kind: 'entry', dn: '', attributes };
  }

  *search(
    _session: LdapSession<string>,
    request: SearchRequest,
    { controls }: RequestContext,
  ): Generator<ServerItem, LdapResult | undefined> {
    const base = request.baseObject.toLowerCase();
    if (base === 'throw') throw new TypeError('a bug in the handler, with secret details');
    if (base === 'refer') {
      yield { kind: 'reference', uris: ['ldap://elsewhere/'] };
      return { code: 'referral', referrals: ['ldap://there/', 'ldap://or-there/'] };
    }
    // A search that finds nothing, ever, and lets others have their turn.
    while (base === 'fruitless') yield { kind: 'pause' };
    if (base !== '' && !this.entries.has(base) && base !== 'endless') {
      throw new LdapError('noSuchObject', 'not here', { matchedDn: 'dc=example' });
    }
    const paged = findControl(controls, pagedResults);
    let ended = false;
    try {
      let at = 0;
      const from = paged === undefined ? 0 : Number(`0x${toHex(paged.cookie) || '0'}`);
      const size = paged?.size ?? Number.POSITIVE_INFINITY;
      for (const [dn, entry] of base === 'endless' ? endless() : this.entries) {
        if (!dn.endsWith(base) && base !== 'endless') continue;
        if (!matches(entry, request.filter)) continue;
        at += 1;
        if (at <= from) continue;
        if (at > from + size) {
          ended = true;
          const cookie = Uint8Array.of((from + size) >> 8, (from + size) & 0xff);
          const control = pagedResults.encode({ size: 0, cookie });
          return { code: 'success', controls: [control] };
        }
        yield { kind: 'entry', dn, attributes: select(entry, request) };
      }
      ended = true;
      if (paged === undefined) return undefined;
      const control = pagedResults.encode({ size: 0, cookie: new Uint8Array(0) });
      return { code: 'success', controls: [control] };
    } finally {
      if (!ended) this.released += 1;
    }
  }

  queues(_request: QueuedRequest): boolean {
    return false;
  }

  async add(_session: unknown, request: { entry: string; attributes: readonly unknown[] }) {
    // The first of two adds takes longer: their order must hold all the same.
    await new Promise((resolve) => setTimeout(resolve, request.entry.includes('slow') ? 30 : 1));
    if (this.entries.has(request.entry.toLowerCase())) {
      throw new LdapError('entryAlreadyExists', 'it is there');
    }
    this.entries.set(request.entry.toLowerCase(), new Map());
    this.journal.push(`add ${request.entry}`);
    return undefined;
  }

  modify(
    _session: unknown,
    { object, changes }: Parameters<LdapHandler<string>['modify']>[1],
  ): undefined {
    const entry = this.#get(object);
    for (const { operation, modification } of changes) {
      const name = modification.type.toLowerCase();
      const values = modification.values.map((value) => value.slice());
      if (operation === 'delete') entry.delete(name);
      else entry.set(name, operation === 'add' ? [...(entry.get(name) ?? []), ...values] : values);
    }
    this.journal.push(`modify ${object}`);
    return undefined;
  }

  modifyDn(
    _session: unknown,
    { entry: dn, newRdn, newSuperior }: Parameters<LdapHandler<string>['modifyDn']>[1],
  ): undefined {
    const entry = this.#get(dn);
    this.entries.delete(dn.toLowerCase());
    const parent = newSuperior ?? dn.slice(dn.indexOf(',') + 1);
    this.entries.set(`${newRdn},${parent}`.toLowerCase(), entry);
    return undefined;
  }

  delete(_session: unknown, dn: string): undefined {
    this.#get(dn);
    this.entries.delete(dn.toLowerCase());
    return undefined;
  }

  compare(
    _session: unknown,
    { entry: dn, assertion }: Parameters<LdapHandler<string>['compare']>[1],
  ): boolean {
    const values = this.#get(dn).get(assertion.attribute.toLowerCase());
    if (values === undefined) throw new LdapError('noSuchAttribute', 'none');
    return values.some((value) => equal(value, assertion.value));
  }

  extended(_session: unknown, { name, value }: { name: string; value: Uint8Array | undefined }) {
    if (name !== '1.2.3.4') return undefined;
    return { code: 'success' as const, name, ...(value === undefined ? {} : { value }) };
  }

  #get(dn: string): Entry {
    const entry = this.entries.get(dn.toLowerCase());
    if (entry === undefined) throw new LdapError('noSuchObject', 'not here');
    return entry;
  }
}

function* endless(): Generator<[string, Entry]> {
  const big = new Uint8Array(10_000).fill(0x61);
  for (let i = 0; ; i += 1) yield [`cn=${i}`, new Map([['objectclass', [big]]])];
}

function matches(entry: Entry, filter: Filter): boolean {
  if (filter.kind === 'present') return entry.has(filter.attribute.toLowerCase());
  if (filter.kind === 'not') return !matches(entry, filter.filter);
  if (filter.kind === 'and') return filter.filters.every((part) => matches(entry, part));
  if (filter.kind === 'or') return filter.filters.some((part) => matches(entry, part));
  if (filter.kind !== 'equality') return false;
  const wanted = typeof filter.value === 'string' ? utf8(filter.value) : filter.value;
  const values = entry.get(filter.attribute.toLowerCase()) ?? [];
  return values.some((value) => equal(value, wanted));
}

function select(entry: Entry, { attributes, typesOnly }: SearchRequest) {
  const wanted = new Set(attributes.map((name) => name.toLowerCase()));
  return [...entry]
    .filter(([name]) => wanted.size === 0 || wanted.has('*') || wanted.has(name))
    .map(([type, values]) => ({ type, values: typesOnly ? [] : values }));
}

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Directory } from '../src/directory.ts';
import type { Entry } from '../src/entry.ts';
import { DirectoryError } from '../src/errors.ts';
import type { Filter } from '@doublehop/ldap/filter';
import { contoso, DOMAIN_DN } from './support/fixtures.ts';

const ROOT = `OU=Model,${DOMAIN_DN}`;

/** What a naive directory would hold: entries by path, each with its members by number. */
interface ModelEntry {
  readonly number: number;
  readonly kind: 'unit' | 'user' | 'group';
  path: string[];
  account: string | undefined;
  description: Set<string>;
  members: Set<number>;
}

type Operation =
  | {
      readonly op: 'add';
      readonly kind: ModelEntry['kind'];
      readonly under: number;
      readonly name: number;
    }
  | { readonly op: 'remove'; readonly entry: number }
  | { readonly op: 'rename'; readonly entry: number; readonly under: number; readonly name: number }
  | { readonly op: 'describe' | 'undescribe'; readonly entry: number; readonly value: number }
  | { readonly op: 'join' | 'leave'; readonly entry: number; readonly member: number }
  | { readonly op: 'account'; readonly entry: number; readonly name: number };

const small = fc.nat({ max: 7 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    op: fc.constant('add' as const),
    kind: fc.constantFrom('unit' as const, 'user' as const, 'group' as const),
    under: small,
    name: small,
  }),
  fc.record({ op: fc.constant('remove' as const), entry: small }),
  fc.record({ op: fc.constant('rename' as const), entry: small, under: small, name: small }),
  fc.record({
    op: fc.constantFrom('describe' as const, 'undescribe' as const),
    entry: small,
    value: fc.nat({ max: 2 }),
  }),
  fc.record({
    op: fc.constantFrom('join' as const, 'leave' as const),
    entry: small,
    member: small,
  }),
  fc.record({ op: fc.constant('account' as const), entry: small, name: small }),
);

/** The naive directory: a list, searched from end to end. Returns what LDAP would answer. */
class Model {
  entries: ModelEntry[] = [];
  next = 1;

  constructor() {
    this.#insert('unit', []);
  }

  pick(index: number): ModelEntry {
    const entry = this.entries[index % this.entries.length];
    if (entry === undefined) throw new Error('the model is never empty');
    return entry;
  }

  apply(operation_: Operation): string {
    switch (operation_.op) {
      case 'add':
        return this.#add(operation_);
      case 'remove':
        return this.#remove(this.pick(operation_.entry));
      case 'rename':
        return this.#rename(operation_);
      case 'describe':
      case 'undescribe':
        return this.#describe(operation_);
      case 'join':
      case 'leave':
        return this.#link(operation_);
      case 'account':
        return this.#account(operation_);
      default:
        throw new Error('no such operation');
    }
  }

  #insert(kind: ModelEntry['kind'], path: string[], account?: string): void {
    const number = this.next;
    this.next += 1;
    const sets = { description: new Set<string>(), members: new Set<number>() };
    this.entries.push({ number, kind, path, account, ...sets });
  }

  #at(path: readonly string[]): ModelEntry | undefined {
    const wanted = path.join(',').toLowerCase();
    return this.entries.find((entry) => entry.path.join(',').toLowerCase() === wanted);
  }

  #add({ kind, under, name }: Operation & { op: 'add' }): string {
    const parent = this.pick(under);
    const path = [rdnOf(kind, name), ...parent.path];
    if (this.#at(path) !== undefined) return 'entryAlreadyExists';
    if (parent.kind !== 'unit') return 'namingViolation';
    const account = kind === 'unit' ? undefined : `${kind}-${this.next}`;
    this.#insert(kind, path, account);
    return 'success';
  }

  #remove(entry: ModelEntry): string {
    const below = this.entries.some((each) => isBelow(each.path, entry.path));
    if (below) return 'notAllowedOnNonLeaf';
    if (entry.path.length === 0) return 'success, but the root stays';
    this.entries = this.entries.filter((each) => each !== entry);
    for (const each of this.entries) each.members.delete(entry.number);
    return 'success';
  }

  #rename({ entry, under, name }: Operation & { op: 'rename' }): string {
    const subject = this.pick(entry);
    const parent = this.pick(under);
    if (subject.path.length === 0) return 'success, but the root stays';
    const moves = parent.path.join() !== subject.path.slice(1).join();
    if (moves && parent.kind !== 'unit') return 'namingViolation';
    if (parent === subject || isBelow(parent.path, subject.path)) return 'unwillingToPerform';
    const path = [rdnOf(subject.kind, name), ...parent.path];
    const there = this.#at(path);
    if (there !== undefined && there !== subject) return 'entryAlreadyExists';
    const old = subject.path;
    for (const each of this.entries) {
      if (isBelow(each.path, old)) each.path = [...each.path.slice(0, -old.length), ...path];
    }
    subject.path = path;
    return 'success';
  }

  #describe({ op, entry, value }: Operation & { op: 'describe' | 'undescribe' }): string {
    const { description } = this.pick(entry);
    const text = `text ${value}`;
    if (op === 'describe') {
      if (description.has(text)) return 'attributeOrValueExists';
      description.add(text);
      return 'success';
    }
    return description.delete(text) ? 'success' : 'noSuchAttribute';
  }

  #link({ op, entry, member }: Operation & { op: 'join' | 'leave' }): string {
    const group = this.pick(entry);
    const { number } = this.pick(member);
    if (op === 'join') {
      if (group.members.has(number)) return 'entryAlreadyExists';
      if (group.kind !== 'group') return 'objectClassViolation';
      group.members.add(number);
      return 'success';
    }
    return group.members.delete(number) ? 'success' : 'unwillingToPerform';
  }

  #account({ entry, name }: Operation & { op: 'account' }): string {
    const subject = this.pick(entry);
    const account = `Account ${name}`;
    if (subject.kind === 'unit') return 'objectClassViolation';
    const owner = this.entries.find((each) => each.account === account);
    if (owner !== undefined && owner !== subject) return 'entryAlreadyExists';
    subject.account = account;
    return 'success';
  }
}

function rdnOf(kind: ModelEntry['kind'], name: number): string {
  return `${kind === 'unit' ? 'OU' : 'CN'}=n${name}`;
}

function isBelow(path: readonly string[], above: readonly string[]): boolean {
  if (path.length <= above.length) return false;
  return above.length === 0 || path.slice(-above.length).join(',') === above.join(',');
}

const dnOf = (path: readonly string[]): string => [...path, ROOT].join(',');

/** Does to the directory what was done to the model; returns the answer. */
async function perform(directory: Directory, model: Model, step: Operation): Promise<string> {
  const target = 'entry' in step ? dnOf(model.pick(step.entry).path) : ROOT;
  const modify = (operation_: 'add' | 'delete' | 'replace', attribute: string, value: string) =>
    directory.modify(target, [{ operation: operation_, attribute, values: [value] }]);
  switch (step.op) {
    case 'add': {
      const dn = dnOf([rdnOf(step.kind, step.name), ...model.pick(step.under).path]);
      const account = `${step.kind}-${model.next}`;
      return directory.add(dn, attributesOf(step.kind, account)).then(() => 'success');
    }
    case 'remove':
      return directory.remove(target).then(() => 'success');
    case 'rename': {
      const newRdn = rdnOf(model.pick(step.entry).kind, step.name);
      const newSuperior = dnOf(model.pick(step.under).path);
      return directory.rename(target, { newRdn, newSuperior }).then(() => 'success');
    }
    case 'describe':
      return modify('add', 'description', `text ${step.value}`).then(() => 'success');
    case 'undescribe':
      return modify('delete', 'description', `TEXT ${step.value}`).then(() => 'success');
    case 'join':
    case 'leave': {
      const member = dnOf(model.pick(step.member).path);
      return modify(step.op === 'join' ? 'add' : 'delete', 'member', member).then(() => 'success');
    }
    case 'account':
      return modify('replace', 'sAMAccountName', `Account ${step.name}`).then(() => 'success');
    default:
      throw new Error('no such operation');
  }
}

function attributesOf(kind: ModelEntry['kind'], account: string): { [name: string]: string } {
  if (kind === 'unit') return { objectClass: 'organizationalUnit' };
  return { objectClass: kind, sAMAccountName: account };
}

function expectSame(directory: Directory, model: Model): void {
  const filter: Filter = { kind: 'present', attribute: 'objectClass' };
  const found = [...directory.search({ base: ROOT, scope: 'subtree', filter })];
  const byDn = new Map(found.map((entry) => [entry.dn, entry]));
  expect(new Set(byDn.keys())).toEqual(new Set(model.entries.map((entry) => dnOf(entry.path))));
  const names = new Map(model.entries.map((entry) => [entry.number, dnOf(entry.path)]));
  for (const entry of model.entries) {
    const real = byDn.get(dnOf(entry.path));
    expect(new Set(real?.values('description'))).toEqual(entry.description);
    expect(real?.text('sAMAccountName')).toBe(entry.account);
    expect(new Set(real?.values('member'))).toEqual(
      new Set([...entry.members].map((number) => names.get(number))),
    );
    const groups = model.entries.filter((each) => each.members.has(entry.number));
    expect(new Set(real?.values('memberOf'))).toEqual(
      new Set(groups.map((group) => dnOf(group.path))),
    );
    expect(directory.find(dnOf(entry.path))?.id).toBe(real?.id);
    if (entry.account === undefined) continue;
    const byName: Filter = { kind: 'equality', attribute: 'sAMAccountName', value: entry.account };
    const hits = [...directory.search({ base: DOMAIN_DN, scope: 'subtree', filter: byName })];
    expect(hits.map((hit) => hit.dn)).toEqual([dnOf(entry.path)]);
  }
}

describe('a directory against a naive one', () => {
  it('answers and holds the same after any operations', async () => {
    const directory = await contoso();
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (steps) => {
        await directory.add(ROOT, { objectClass: 'organizationalUnit' });
        try {
          await compareAll(directory, steps);
        } finally {
          await directory.remove(ROOT, { subtree: true });
        }
      }),
      { numRuns: 60 },
    );
  });
});

async function compareAll(directory: Directory, steps: readonly Operation[]): Promise<void> {
  const model = new Model();
  for (const step of steps) {
    if (touchesRoot(model, step)) continue;
    // oxlint-disable-next-line no-await-in-loop
    const answer = await perform(directory, model, step).catch((error: unknown) => {
      if (error instanceof DirectoryError) return error.code;
      throw error;
    });
    expect({ step, answer }).toEqual({ step, answer: model.apply(step) });
  }
  expectSame(directory, model);
}

/** The model's root is not to be removed or renamed: the next run needs its name. */
function touchesRoot(model: Model, step: Operation): boolean {
  const isTree = step.op === 'remove' || step.op === 'rename';
  return isTree && model.pick(step.entry).path.length === 0;
}

describe('a search by index', () => {
  let directory: Directory;
  let all: Entry[];
  beforeAll(async () => {
    directory = await contoso();
    await directory.write((writer) => {
      writer.add(ROOT, { objectClass: 'organizationalUnit' });
      for (let i = 0; i < 120; i += 1) {
        const under = i % 3 === 0 ? ROOT : DOMAIN_DN;
        writer.add(`CN=n${i},${under}`, {
          objectClass: i % 2 === 0 ? 'user' : 'computer',
          sAMAccountName: `n${i}`,
          displayName: `name ${i % 7}`,
          description: `text ${i % 5}`,
          adminCount: String(i % 4),
          servicePrincipalName: [`host/n${i}`, `http/n${i}`],
        });
      }
    });
    const everything: Filter = { kind: 'present', attribute: 'objectClass' };
    all = [...directory.search({ base: ROOT, scope: 'subtree', filter: everything })];
  });

  const attribute = fc.constantFrom(
    'sAMAccountName',
    'displayName',
    'description',
    'adminCount',
    'servicePrincipalName',
    'objectClass',
    'mail',
    'nonsense',
  );
  const value = fc.constantFrom('n3', 'n1', 'name 3', 'text 1', '2', 'host/n9', 'user', 'computer');
  const leaf: fc.Arbitrary<Filter> = fc.oneof(
    fc.record({
      kind: fc.constantFrom('equality' as const, 'greaterOrEqual' as const, 'lessOrEqual' as const),
      attribute,
      value,
    }),
    fc.record({ kind: fc.constant('present' as const), attribute }),
    fc.record({
      kind: fc.constant('substrings' as const),
      attribute,
      initial: value,
      any: fc.constant<string[]>([]),
    }),
  );
  const { filter } = fc.letrec<{ filter: Filter; filters: Filter[] }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      fc.record({ kind: fc.constant('and' as const), filters: tie('filters') }),
      fc.record({ kind: fc.constant('or' as const), filters: tie('filters') }),
      fc.record({ kind: fc.constant('not' as const), filter: tie('filter') }),
    ),
    filters: fc.array(tie('filter'), { maxLength: 3 }),
  }));

  it('finds what looking at every entry finds, each once', () => {
    fc.assert(
      fc.property(filter, (wanted) => {
        const found = Array.from(
          directory.search({ base: ROOT, scope: 'subtree', filter: wanted }),
          (entry) => entry.id,
        );
        const passing = all.filter((entry) => {
          const base = [
            ...directory.search({ base: { id: entry.id }, scope: 'base', filter: wanted }),
          ];
          return base.length === 1;
        });
        expect(found.toSorted((a, b) => a - b)).toEqual(
          passing.map((entry) => entry.id).toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 150 },
    );
  });
});

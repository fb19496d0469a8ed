import { Buffer } from 'node:buffer';
import type { Claim, Claims } from './claims.ts';
import {
  type AttributeSource,
  type ConditionToken,
  type IntegerLiteral,
  type Literal,
  type Operator,
  type SimpleLiteral,
  decodeCondition,
} from './condition-codec.ts';
import { SecurityError } from './errors.ts';
import { MAX_CONDITION_DEPTH, MAX_CONDITION_VALUES } from './limits.ts';
import type { Sid } from './sid.ts';
import { upperCase } from './upper-case.ts';

/** The three values of a condition (MS-DTYP 2.4.4.17.1). */
export type Ternary = 'true' | 'false' | 'unknown';

/** What a condition may ask about: a token, as `access-check` has it. */
export interface ConditionSubject {
  readonly sids: ReadonlySet<Sid>;
  readonly claims?: Claims;
  readonly device?: { readonly sids: ReadonlySet<Sid>; readonly claims?: Claims };
}

/**
 * The value of the conditional expression of a callback ACE (MS-DTYP 2.5.3.1.5). An expression
 * that is missing, malformed or misuses an operator is `unknown` as a whole, which denies in a
 * deny ACE and grants nothing in an allow ACE. Local claims (simple names) are never there;
 * `resources` gives the resource attributes, and is only called when one is asked for.
 */
export function evaluateCondition(
  condition: Uint8Array | undefined,
  subject: ConditionSubject,
  resources: () => Claims = () => new Map(),
): Ternary {
  if (condition === undefined) return 'unknown';
  try {
    return run(decodeCondition(condition), { subject, resources, left: MAX_CONDITION_VALUES });
  } catch (error) {
    if (error instanceof SecurityError || error instanceof Misuse) return 'unknown';
    throw error;
  }
}

/** An operator was given what it does not work on: the whole expression is unknown. */
class Misuse extends Error {}

/** A value that relational operators compare. */
interface Scalar {
  readonly kind: SimpleLiteral['kind'] | 'boolean';
  /** In upper case already unless case counts. */
  readonly value: bigint | string;
}

type Item =
  | { readonly kind: 'result'; readonly value: Ternary }
  | { readonly kind: 'literal'; readonly literal: Literal }
  | { readonly kind: 'attribute'; readonly source: AttributeSource; readonly claim?: Claim };

interface Context {
  readonly subject: ConditionSubject;
  readonly resources: () => Claims;
  /** Values that may still be compared. */
  left: number;
}

function run(tokens: readonly ConditionToken[], context: Context): Ternary {
  const stack: Item[] = [];
  for (const token of tokens) {
    if (token.kind === 'operator') {
      const value = apply(token.operator, stack, context);
      stack.push({ kind: 'result', value });
    } else if (token.kind === 'attribute') {
      const claim = lookUp(token.source, token.name, context);
      stack.push({
        kind: 'attribute',
        source: token.source,
        ...(claim === undefined ? {} : { claim }),
      });
    } else {
      stack.push({ kind: 'literal', literal: token });
    }
    if (stack.length > MAX_CONDITION_DEPTH) throw new Misuse('stack is full');
  }
  const [result, more] = stack;
  if (result === undefined || more !== undefined) throw new Misuse('not one result');
  return logical(result);
}

function lookUp(source: AttributeSource, name: string, context: Context): Claim | undefined {
  const claim = claimsFrom(source, context)?.get(name.toLowerCase());
  return claim === undefined || claim.values.length === 0 ? undefined : claim;
}

function claimsFrom(source: AttributeSource, { subject, resources }: Context): Claims | undefined {
  if (source === 'user') return subject.claims;
  if (source === 'device') return subject.device?.claims;
  return source === 'resource' ? resources() : undefined;
}

type Rule =
  | { readonly operands: 1; readonly value: (item: Item, subject: ConditionSubject) => Ternary }
  | { readonly operands: 2; readonly value: (left: Item, right: Item) => Ternary };

const rules: Readonly<Record<Operator, Rule>> = {
  '!': unary((item) => not(logical(item))),
  '&&': binary((left, right) => and(logical(left), logical(right))),
  '||': binary((left, right) => not(and(not(logical(left)), not(logical(right))))),
  Exists: unary((item) => of(exists(item))),
  Not_Exists: unary((item) => of(!exists(item))),
  Member_of: unary((item, { sids }) => of(!memberships(item, sids).includes(false))),
  Not_Member_of: unary((item, { sids }) => of(memberships(item, sids).includes(false))),
  Member_of_Any: unary((item, { sids }) => of(memberships(item, sids).includes(true))),
  Not_Member_of_Any: unary((item, { sids }) => of(!memberships(item, sids).includes(true))),
  Device_Member_of: onDevice((held) => !held.includes(false)),
  Not_Device_Member_of: onDevice((held) => held.includes(false)),
  Device_Member_of_Any: onDevice((held) => held.includes(true)),
  Not_Device_Member_of_Any: onDevice((held) => !held.includes(true)),
  '==': sets((left, right) => sameSet(left, right)),
  '!=': sets((left, right) => !sameSet(left, right)),
  Contains: binary((left, right) => contains(left, right)),
  Not_Contains: binary((left, right) => not(contains(left, right))),
  Any_of: binary((left, right) => anyOf(left, right)),
  Not_Any_of: binary((left, right) => not(anyOf(left, right))),
  '<': order((left, right) => left < right),
  '<=': order((left, right) => left <= right),
  '>': order((left, right) => left > right),
  '>=': order((left, right) => left >= right),
};

function unary(value: (item: Item, subject: ConditionSubject) => Ternary): Rule {
  return { operands: 1, value };
}

function binary(value: (left: Item, right: Item) => Ternary): Rule {
  return { operands: 2, value };
}

function onDevice(verdict: (held: readonly boolean[]) => boolean): Rule {
  return unary((item, { device }) => of(verdict(memberships(item, device?.sids ?? new Set()))));
}

function sets(verdict: (left: readonly Scalar[], right: readonly Scalar[]) => boolean): Rule {
  return binary((left, right) => relate(left, right, (a, b) => of(verdict(a, b))));
}

function order(verdict: (left: bigint | string, right: bigint | string) => boolean): Rule {
  return binary((left, right) => relate(left, right, (a, b) => ordered(a, b, verdict)));
}

function apply(operator: Operator, stack: Item[], context: Context): Ternary {
  const rule = rules[operator];
  const last = spend(pop(stack), context);
  if (operator === '!' && isBare(last) && isBare(stack.at(-1))) {
    throw new Misuse('an attribute waits before this one');
  }
  if (rule.operands === 1) return rule.value(last, context.subject);
  return rule.value(spend(pop(stack), context), last);
}

/**
 * Windows does not know what `!` of an attribute is where another attribute waits for its operator:
 * `@User.a && !@User.b` is unknown, while `!@User.b && @User.a` is not (seen, not specified).
 */
function isBare(item: Item | undefined): boolean {
  return item?.kind === 'attribute';
}

/** An operand, its values counted: what a peer may make us compare is bounded. */
function spend(item: Item, context: Context): Item {
  if (item.kind === 'attribute') context.left -= item.claim?.values.length ?? 0;
  if (item.kind === 'literal' && item.literal.kind === 'composite') {
    context.left -= item.literal.items.length;
  }
  if (context.left < 0) throw new Misuse('too many values to compare');
  return item;
}

function pop(stack: Item[]): Item {
  const item = stack.pop();
  if (item === undefined) throw new Misuse('operand missing');
  return item;
}

/** The truth of an operand of a logical operator (MS-DTYP 2.4.4.17.7). */
function logical(item: Item): Ternary {
  if (item.kind === 'result') return item.value;
  if (item.kind === 'literal') throw new Misuse('literal as a truth value');
  const { claim } = item;
  if (claim === undefined || claim.type === 'sid' || claim.type === 'octets') return 'unknown';
  // Of several values one is enough, as Windows has it; 0n, false and no text are not enough.
  return of(claim.values.some(Boolean));
}

/** Only local and resource attributes can be asked for (MS-DTYP 2.4.4.17.7). */
function exists(item: Item): boolean {
  if (item.kind !== 'attribute' || (item.source !== 'local' && item.source !== 'resource')) {
    throw new Misuse('Exists of something else than a local or resource attribute');
  }
  return item.claim !== undefined;
}

/** For each SID of the operand, whether it is held (MS-DTYP 2.4.4.17.6). */
function memberships(operand: Item, sids: ReadonlySet<Sid>): readonly boolean[] {
  if (operand.kind !== 'literal') throw new Misuse('Member_of of something else than SIDs');
  const { literal } = operand;
  const items = literal.kind === 'composite' ? literal.items : [literal];
  return items.map((item) => {
    if (item.kind !== 'sid') throw new Misuse('Member_of of something else than SIDs');
    return sids.has(item.value);
  });
}

/** What the binary relational operators have in common (MS-DTYP 2.4.4.17.6). */
function relate(
  left: Item,
  right: Item,
  compare: (left: readonly Scalar[], right: readonly Scalar[]) => Ternary,
): Ternary {
  if (left.kind !== 'attribute') throw new Misuse('left side is not an attribute');
  if (right.kind === 'result') throw new Misuse('right side is a truth value');
  if (left.claim === undefined) return 'unknown';
  if (right.kind === 'attribute' && right.claim === undefined) return 'unknown';
  const exact = caseCounts(left) || caseCounts(right);
  return compare(scalars(left, exact), scalars(right, exact));
}

/** `<` and its kin, which know single numbers, texts and octet strings only. */
function ordered(
  left: readonly Scalar[],
  right: readonly Scalar[],
  verdict: (left: bigint | string, right: bigint | string) => boolean,
): Ternary {
  const [a, moreLeft] = left;
  const [b, moreRight] = right;
  if (a === undefined || b === undefined) throw new Misuse('nothing to compare');
  if (moreLeft !== undefined || moreRight !== undefined) return 'unknown';
  if (a.kind !== b.kind || a.kind === 'sid' || a.kind === 'boolean') {
    throw new Misuse('values without an order');
  }
  return of(verdict(a.value, b.value));
}

/** In any order; but what stands twice on one side alone makes them differ, as on Windows. */
function sameSet(left: readonly Scalar[], right: readonly Scalar[]): boolean {
  refuseMixed(left, right);
  const a = keysOf(left);
  const b = keysOf(right);
  return left.length === right.length && a.size === b.size && [...a].every((key) => b.has(key));
}

/** Nothing contains an empty composite, not even who has no such attribute. */
function contains(left: Item, right: Item): Ternary {
  if (left.kind === 'attribute' && isEmptyComposite(right)) return 'false';
  return relate(left, right, (a, b) => {
    refuseMixed(a, b);
    const keys = keysOf(a);
    return of(b.every(({ value }) => keys.has(value)));
  });
}

function anyOf(left: Item, right: Item): Ternary {
  if (right.kind === 'literal' && right.literal.kind !== 'composite') {
    throw new Misuse('Any_of something else than a composite or an attribute');
  }
  return relate(left, right, (a, b) => {
    refuseMixed(a, b);
    const keys = keysOf(a);
    return of(b.some(({ value }) => keys.has(value)));
  });
}

function isEmptyComposite(item: Item): boolean {
  return (
    item.kind === 'literal' && item.literal.kind === 'composite' && item.literal.items.length === 0
  );
}

function keysOf(items: readonly Scalar[]): ReadonlySet<bigint | string> {
  return new Set(items.map((item) => item.value));
}

/** Values of different types cannot be compared; booleans go with the integers 0 and 1. */
function refuseMixed(left: readonly Scalar[], right: readonly Scalar[]): void {
  const items = [...left, ...right];
  const kinds = new Set(items.map(({ kind }) => kind));
  if (kinds.size < 2) return;
  const numbers = kinds.size === 2 && kinds.has('boolean') && kinds.has('integer');
  if (!numbers || items.some(({ value }) => value !== 0n && value !== 1n)) {
    throw new Misuse('values of different types');
  }
}

function caseCounts(item: Item): boolean {
  return (
    item.kind === 'attribute' && item.claim?.type === 'string' && item.claim.caseSensitive === true
  );
}

function scalars(item: Exclude<Item, { kind: 'result' }>, exact: boolean): readonly Scalar[] {
  if (item.kind === 'attribute') {
    return item.claim === undefined ? [] : claimScalars(item.claim, exact);
  }
  const { literal } = item;
  const items = literal.kind === 'composite' ? literal.items : [literal];
  return items.map((part) => literalScalar(part, exact));
}

function claimScalars(claim: Claim, exact: boolean): readonly Scalar[] {
  const kind = claim.type === 'unsigned' ? 'integer' : claim.type;
  return claim.values.map((value) => ({ kind, value: comparable(value, kind, exact) }));
}

function literalScalar(literal: SimpleLiteral, exact: boolean): Scalar {
  const { kind } = literal;
  if (kind === 'integer') return { kind, value: integerValue(literal) };
  return { kind, value: comparable(literal.value, kind, exact) };
}

function comparable(
  value: bigint | boolean | string | Uint8Array,
  kind: Scalar['kind'],
  exact: boolean,
): bigint | string {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value !== 'string') return octetKey(value);
  return exact || kind !== 'string' ? value : upperCase(value);
}

/** The sign byte decides the sign, whatever the stored number says (MS-DTYP 2.4.4.17.5). */
function integerValue(literal: IntegerLiteral): bigint {
  const size = literal.value < 0n ? -literal.value : literal.value;
  return literal.sign === 'minus' ? -size : size;
}

/** Octets as text with one character each, which compares as the octets do. */
function octetKey({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}

function of(value: boolean): Ternary {
  return value ? 'true' : 'false';
}

function not(value: Ternary): Ternary {
  if (value === 'unknown') return 'unknown';
  return of(value === 'false');
}

function and(left: Ternary, right: Ternary): Ternary {
  if (left === 'false' || right === 'false') return 'false';
  return left === 'unknown' || right === 'unknown' ? 'unknown' : 'true';
}

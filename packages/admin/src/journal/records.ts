import { type Guid, parseGuid } from '@doublehop/security/guid';
import { fromBase64, toBase64 } from '@doublehop/wire/bytes';
import type { AccountKind } from '../account.ts';
import type { AttributeChange } from '../changes/change.ts';
import type { AdminErrorCode } from '../errors.ts';

/** The version of the journal's lines that is written; a reader takes no other. */
const VERSION = 1;

/** What a run is and who made it: the first line of its file. */
export interface RunHeader {
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Who the controller says it is: `u:CONTOSO\Administrator` (RFC 4532). */
  readonly who: string;
  /** DNS name or URL of the controller that took the writes. */
  readonly controller: string;
  /** DNS name of the domain. */
  readonly domain: string;
  readonly domainSid: string | undefined;
  /** The words of the command: `grant --middle ServerB --target ServerC`. */
  readonly command: readonly string[];
  /** The run that this one undoes. */
  readonly undoes?: string | undefined;
}

/** What is about to be done: durable before it is. */
export interface IntentRecord {
  readonly type: 'intent';
  /** Counts the changes of a run, from 0. */
  readonly n: number;
  readonly change: AttributeChange;
}

/** What became of it. `unknown`: the connection broke while it was written. */
export interface OutcomeRecord {
  readonly type: 'outcome';
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly state: 'done' | 'failed' | 'unknown';
  readonly code?: AdminErrorCode | undefined;
  readonly message?: string | undefined;
}

export type JournalRecord =
  | ({ readonly type: 'run' } & RunHeader)
  | IntentRecord
  | OutcomeRecord
  /** Somebody went on with the run. */
  | {
      readonly type: 'resumed';
      readonly at: number;
      readonly who: string;
      readonly controller: string;
    }
  /** Everything was tried; without it the run was interrupted. */
  | { readonly type: 'end'; readonly at: number };

/** One line of a journal, with its end. */
export function formatRecord(record: JournalRecord): string {
  return `${JSON.stringify(toJson(record))}\n`;
}

/** The record in a line; undefined for a line that is torn or of no known form. */
export function parseRecord(line: string): JournalRecord | undefined {
  const value = parseJson(line);
  if (!isObject(value)) return undefined;
  switch (value['type']) {
    case 'run':
      return value['version'] === VERSION ? headerOf(value) : undefined;
    case 'intent':
      return intentOf(value);
    case 'outcome':
      return outcomeOf(value);
    case 'resumed': {
      const at = timeOf(value['at']);
      const { who, controller } = value;
      if (at === undefined || typeof who !== 'string' || typeof controller !== 'string') {
        return undefined;
      }
      return { type: 'resumed', at, who, controller };
    }
    case 'end': {
      const at = timeOf(value['at']);
      return at === undefined ? undefined : { type: 'end', at };
    }
    default:
      return undefined;
  }
}

function toJson(record: JournalRecord): unknown {
  switch (record.type) {
    case 'run':
      return { ...record, version: VERSION, at: timeText(record.at) };
    case 'intent': {
      const { n, change } = record;
      const { target, attribute, before, after, sentences } = change;
      const { dn, guid, name, kind } = target;
      const values = { before: before.map(toBase64), after: after.map(toBase64) };
      return { type: 'intent', n, dn, guid, name, kind, attribute, ...values, sentences };
    }
    case 'outcome':
    case 'resumed':
    case 'end':
      return { ...record, at: timeText(record.at) };
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function headerOf(value: JsonObject): JournalRecord | undefined {
  const { run, who, controller, domain, domainSid, undoes } = value;
  const at = timeOf(value['at']);
  const command = textsOf(value['command']);
  if (at === undefined || command === undefined) return undefined;
  if (typeof run !== 'string' || typeof who !== 'string') return undefined;
  if (typeof controller !== 'string' || typeof domain !== 'string') return undefined;
  return {
    type: 'run',
    run,
    at,
    who,
    controller,
    domain,
    command,
    domainSid: textOf(domainSid),
    undoes: textOf(undoes),
  };
}

function intentOf(value: JsonObject): JournalRecord | undefined {
  const { n, dn, name, attribute } = value;
  const kind = KINDS.find((each) => each === value['kind']);
  const before = octetsOf(value['before']);
  const after = octetsOf(value['after']);
  const sentences = textsOf(value['sentences']);
  if (!isCount(n) || before === undefined || after === undefined) return undefined;
  if (typeof dn !== 'string' || typeof name !== 'string' || typeof attribute !== 'string') {
    return undefined;
  }
  const guid = guidOf(value['guid']);
  if (guid === null || kind === undefined || sentences === undefined) return undefined;
  const target = { dn, guid, name, kind };
  return { type: 'intent', n, change: { target, attribute, before, after, sentences } };
}

function outcomeOf(value: JsonObject): JournalRecord | undefined {
  const { n, code, message } = value;
  const at = timeOf(value['at']);
  const state = STATES.find((each) => each === value['state']);
  if (!isCount(n) || at === undefined || state === undefined) return undefined;
  return {
    type: 'outcome',
    n,
    at,
    state,
    message: textOf(message),
    code: CODES.find((each) => each === code),
  };
}

const STATES: readonly OutcomeRecord['state'][] = ['done', 'failed', 'unknown'];
const KINDS: readonly AccountKind[] = ['computer', 'user', 'gMSA', 'MSA', 'group', 'other'];
/** Codes with which a write fails. */
const CODES: readonly AdminErrorCode[] = [
  'changed-since',
  'access-denied',
  'unreachable',
  'directory',
  'not-found',
];

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((each) => typeof each === 'string');
  return texts.length === value.length ? texts : undefined;
}

function octetsOf(value: unknown): readonly Uint8Array[] | undefined {
  const octets = textsOf(value)?.flatMap((text) => fromBase64(text) ?? []);
  return octets !== undefined && octets.length === textsOf(value)?.length ? octets : undefined;
}

/** Null: something that is no GUID. */
function guidOf(value: unknown): Guid | undefined | null {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !GUID.test(value)) return null;
  return parseGuid(value);
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

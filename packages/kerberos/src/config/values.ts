import { isIPv6 } from 'node:net';
import { KerberosError } from '../errors.ts';
import { MAX_DURATION_LENGTH } from '../limits.ts';

/** Which transports reach a server. */
export type Transport = 'udp' | 'tcp';

/** A server as the configuration or the DNS names it. */
export interface ServerSpec {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Absent: both. */
  readonly transport?: Transport | undefined;
}

const UNITS = { day: 86_400, hour: 3600, minute: 60 };

/**
 * Seconds of a duration as MIT's krb5_string_to_deltat reads it: `7d 4h 3m 2s`, `4:30`,
 * `1-12:30:00`, or a number of seconds; parts may be negative. Undefined where it is none.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > MAX_DURATION_LENGTH) return undefined;
  const parts =
    /^\s*(?:(-?\d+)d)?(?:\s*(-?\d+)h)?(?:\s*(-?\d+)m)?(?:\s*(-?\d+)s)?\s*$/.exec(text) ??
    /^\s*(?:(-?\d+)-(?=\d+:\d+:))?(-?\d+):(\d{1,2})(?::(\d{1,2}))?$/.exec(text) ??
    /^()()()\s*(-?\d+)$/.exec(text);
  if (parts === null || text.trim() === '') return undefined;
  const [days, hours, minutes, seconds] = parts.slice(1, 5).map((part) => Number(part ?? 0));
  const total =
    (days ?? 0) * UNITS.day +
    (hours ?? 0) * UNITS.hour +
    (minutes ?? 0) * UNITS.minute +
    (seconds ?? 0);
  // Times are signed 32-bit numbers in MIT's interfaces.
  return total === (total | 0) ? total | 0 : undefined;
}

/** `yes`, `true`, `on`, … as MIT's prof_get.c reads them; undefined for anything else. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (['y', 'yes', 'true', 't', '1', 'on'].includes(word)) return true;
  if (['n', 'no', 'false', 'nil', '0', 'off'].includes(word)) return false;
  return undefined;
}

/**
 * A server: `host`, `host:port`, `[v6]:port`, a bare IPv6 address, with `tcp/` or `udp/` before it
 * as Heimdal allows. Undefined where it is none, also for MIT's `https://` and `/socket` forms.
 */
export function parseServer(text: string, defaultPort: number): ServerSpec | undefined {
  const [, prefix, rest = ''] = /^(?:(udp|tcp)\/)?(.*)$/s.exec(text.trim()) ?? [];
  const transport = prefix === 'udp' || prefix === 'tcp' ? prefix : undefined;
  if (isIPv6(rest)) return { host: rest, port: defaultPort, transport };
  const [, v6, name, digits] = /^(?:\[([^\]\s]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(rest) ?? [];
  const host = v6 ?? name;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || /^\d+$/.test(host) || port > 0xffff) return undefined;
  if (v6 !== undefined && !isIPv6(v6)) return undefined;
  return { host, port, transport };
}

/** What the tokens of a path stand for; those not known here may not be used. */
export interface PathTokens {
  readonly uid?: number | undefined;
  readonly euid?: number | undefined;
  readonly username?: string | undefined;
  /** Folder for temporary files. */
  readonly temp?: string | undefined;
}

/**
 * A path with its `%{…}` tokens replaced (MIT expand_path.c): uid, USERID, euid, username, TEMP,
 * null. Throws KerberosError `config` for others and for those without a value.
 */
export function expandTokens(text: string, tokens: PathTokens): string {
  const values: Readonly<Record<string, string | number | undefined>> = {
    uid: tokens.uid,
    USERID: tokens.uid,
    euid: tokens.euid ?? tokens.uid,
    username: tokens.username,
    TEMP: tokens.temp,
    null: '',
  };
  return text.replace(/%\{([^}]*)(\}?)/g, (token, name: string, end: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined && end === '}') return String(value);
    throw new KerberosError('config', `"${text}": ${token} has no value here`, { subject: text });
  });
}

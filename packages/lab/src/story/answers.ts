/** What a host's service answers to `/whoami`. */
export interface WhoAmI {
  readonly host: string;
  /** `CONTOSO\alice`. */
  readonly user: string;
  /** Middles through which the user came, oldest first: `HTTP/serverb…@CONTOSO.COM`. */
  readonly via: readonly string[];
}

/** What a host's service answers when the hop it was asked for failed. */
export interface HopRefused {
  /** `KDC_ERR_BADOPTION`, or `negative-cache`. */
  readonly error: string;
  /** `STATUS_NOT_FOUND`. */
  readonly ntstatus: string;
  readonly words: string;
  /** ISO 8601 time at which a negative entry ends; empty where there is none. */
  readonly until: string;
}

/** What came of a hop. */
export type HopAnswer =
  | { readonly reached: true; readonly saw: WhoAmI }
  | { readonly reached: false; readonly refused: HopRefused };

type Json = Readonly<Record<string, unknown>>;

/** Reads the answer to `/whoami`; missing parts are empty. */
export function readWhoAmI(value: unknown): WhoAmI {
  const json = object(value);
  const via = Array.isArray(json['via']) ? json['via'].map(String) : [];
  return { host: text(json, 'host'), user: text(json, 'user'), via };
}

/** Reads the answer to `/hop`. */
export function readHop(value: unknown): HopAnswer {
  const json = object(value);
  if (typeof json['error'] === 'string') {
    const refused = {
      error: json['error'],
      ntstatus: text(json, 'ntstatus'),
      words: text(json, 'words'),
      until: text(json, 'negativeUntil'),
    };
    return { reached: false, refused };
  }
  return { reached: true, saw: readWhoAmI(json['saw'] ?? value) };
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function text(json: Json, key: string): string {
  const value = json[key];
  return typeof value === 'string' ? value : '';
}

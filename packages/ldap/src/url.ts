import { LdapError } from './errors.ts';
import type { Filter } from './filter.ts';
import { parseFilter } from './filter-text.ts';
import type { Scope } from './messages/search.ts';

/** An LDAP URL taken apart (RFC 4516 §2). */
export interface LdapUrl {
  readonly scheme: 'ldap' | 'ldaps';
  /** Name or address, IPv6 without brackets; '' where the URL names none. */
  readonly host: string;
  readonly port: number;
  readonly dn: string;
  readonly attributes: readonly string[];
  readonly scope: Scope;
  readonly filter: Filter | undefined;
}

const SCOPES: ReadonlyMap<string, Scope> = new Map([
  ['', 'base'],
  ['base', 'base'],
  ['one', 'one'],
  ['sub', 'subtree'],
]);

const DEFAULT_PORTS = { ldap: 389, ldaps: 636 } as const;

/** Takes an LDAP URL apart. Throws LdapError `paramError`; critical extensions are refused. */
export function parseLdapUrl(text: string): LdapUrl {
  const match = /^(ldaps?):\/\/(\[[0-9a-fA-F:.]+\]|[^/?#:[\]@]*)(?::(\d{1,5}))?(?:\/(.*))?$/i.exec(
    text,
  );
  if (match === null) throw new LdapError('paramError', `${text} is not an LDAP URL`);
  const [, scheme = '', host = '', port, rest = ''] = match;
  const kind = scheme.toLowerCase() === 'ldaps' ? 'ldaps' : 'ldap';
  const number = port === undefined ? DEFAULT_PORTS[kind] : Number(port);
  if (number < 1 || number > 65_535) throw new LdapError('paramError', `${text}: bad port`);
  const [dn = '', attributes = '', scope = '', filter = '', extensions = ''] = rest
    .split('?')
    .map((part) => decodePart(part, text));
  const found = SCOPES.get(scope.toLowerCase());
  if (found === undefined) throw new LdapError('paramError', `${text}: bad scope`);
  if (extensions.split(',').some((extension) => extension.startsWith('!'))) {
    throw new LdapError('paramError', `${text}: a critical extension is not known`);
  }
  return {
    scheme: kind,
    host: host.replace(/^\[|\]$/g, ''),
    port: number,
    dn,
    attributes: attributes === '' ? [] : attributes.split(','),
    scope: found,
    filter: filter === '' ? undefined : parseFilter(filter),
  };
}

function decodePart(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new LdapError('paramError', `${text}: bad escape`, { cause: error });
  }
}

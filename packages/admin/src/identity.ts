import { type Filter, equals } from '@doublehop/ldap/filter';
import { type Guid, encodeGuid, parseGuid } from '@doublehop/security/guid';
import { encodeSid, isSid, parseSid, type Sid } from '@doublehop/security/sid';
import { AdminError } from './errors.ts';
import { MAX_IDENTITY } from './limits.ts';

/** An identity by its form. Every form that the tools of Active Directory take is taken here. */
export type Identity =
  | { readonly form: 'sid'; readonly sid: Sid }
  | { readonly form: 'guid'; readonly guid: Guid }
  | { readonly form: 'dn'; readonly dn: string }
  /** sAMAccountName, with or without `$`; `domain` is what stood before a backslash. */
  | { readonly form: 'name'; readonly name: string; readonly domain?: string }
  /** user@domain: a userPrincipalName, or sAMAccountName@domain (MS-ADTS 5.1.1.1.1). */
  | { readonly form: 'upn'; readonly name: string; readonly domain: string }
  | { readonly form: 'spn'; readonly spn: string };

/** The forms, for messages. */
export const IDENTITY_FORMS =
  'a sAMAccountName (with or without $), DOMAIN\\name, UPN, DN, GUID, SID or SPN';

/** Tells the form of an identity. Throws AdminError `usage` for what is none. */
export function parseIdentity(text: string, argument?: string): Identity {
  const trimmed = text.trim();
  if (trimmed === '') {
    throw new AdminError('usage', `the name is empty; give ${IDENTITY_FORMS}`, { argument });
  }
  if (trimmed.length > MAX_IDENTITY || trimmed.includes('\0')) {
    const what = trimmed.length > MAX_IDENTITY ? 'is too long' : 'contains NUL';
    throw new AdminError('usage', `the name ${what}; give ${IDENTITY_FORMS}`, { argument });
  }
  if (/^s-1-/i.test(trimmed)) {
    if (isSid(trimmed)) return { form: 'sid', sid: parseSid(trimmed) };
    const message = `"${trimmed}" is not a SID; one looks like S-1-5-21-1-2-3-1104`;
    throw new AdminError('usage', message, { argument, subject: trimmed });
  }
  const guid = GUID.test(trimmed) ? parseGuid(trimmed) : undefined;
  if (guid !== undefined) return { form: 'guid', guid };
  if (STARTS_DN.test(trimmed)) return { form: 'dn', dn: trimmed };
  const [, domain, account] = /^([^\\]+)\\([^\\]+)$/.exec(trimmed) ?? [];
  if (domain !== undefined && account !== undefined) return { form: 'name', domain, name: account };
  if (trimmed.includes('\\')) {
    const message = `"${trimmed}" has a misplaced backslash; DOMAIN\\name is right`;
    throw new AdminError('usage', message, { argument, subject: trimmed });
  }
  if (trimmed.includes('/')) return { form: 'spn', spn: trimmed.replace(/@[^/@]*$/, '') };
  const at = trimmed.lastIndexOf('@');
  if (at > 0 && at < trimmed.length - 1) {
    return { form: 'upn', name: trimmed.slice(0, at), domain: trimmed.slice(at + 1) };
  }
  return { form: 'name', name: trimmed };
}

/**
 * The identities in one argument: `B1,B2,B3`. A distinguished name may stand among them; it ends
 * behind its last DC. Backslash and quotes protect commas as in RFC 4514 §2.4.
 */
export function splitIdentities(text: string): readonly string[] {
  const identities: string[] = [];
  let dn: string | undefined;
  for (const part of splitCommas(text)) {
    const isRdn = STARTS_DN.test(part.trim());
    const domain = /^\s*dc\s*=/i;
    const ended = dn !== undefined && domain.test(lastRdn(dn)) && !domain.test(part);
    if (isRdn && dn !== undefined && !ended) {
      dn = `${dn},${part}`;
      continue;
    }
    if (dn !== undefined) identities.push(dn.trim());
    dn = isRdn ? part : undefined;
    if (!isRdn) identities.push(part.trim());
  }
  if (dn !== undefined) identities.push(dn.trim());
  return identities.filter((identity) => identity !== '');
}

/**
 * The accounts that an identity may mean, as a filter; a DN is looked up by itself. `ownDomain`: a
 * UPN names the domain that is searched, so that sAMAccountName@domain counts too.
 */
export function identityFilter(
  identity: Exclude<Identity, { form: 'dn' }>,
  ownDomain = true,
): Filter {
  switch (identity.form) {
    case 'sid':
      return equals('objectSid', encodeSid(identity.sid));
    case 'guid':
      return equals('objectGUID', encodeGuid(identity.guid));
    case 'spn':
      return spnFilter(identity.spn);
    case 'upn': {
      const { name, domain } = identity;
      const upn = equals('userPrincipalName', `${name}@${domain}`);
      return ownDomain ? { kind: 'or', filters: [upn, ...samNames(name)] } : upn;
    }
    case 'name': {
      const { name } = identity;
      const host = name.includes('.') ? [equals('dNSHostName', name)] : [];
      return { kind: 'or', filters: [...samNames(name), ...host] };
    }
  }
}

/** The canonical textual GUID, braces allowed: anything else of that look may be a name. */
const GUID = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;

/** attributeType of RFC 4514 §3 and its equals sign. */
const STARTS_DN = /^(?:[a-z][a-z0-9-]*|\d+(?:\.\d+)+)\s*=/i;

function samNames(name: string): readonly Filter[] {
  const plain = equals('sAMAccountName', name);
  return name.endsWith('$') ? [plain] : [plain, equals('sAMAccountName', `${name}$`)];
}

/** HOST stands for most service classes (sPNMappings, MS-ADTS 6.1.1.2.4.1.1). */
function spnFilter(spn: string): Filter {
  const own = equals('servicePrincipalName', spn);
  const host = `HOST${spn.slice(spn.indexOf('/'))}`;
  return { kind: 'or', filters: [own, equals('servicePrincipalName', host)] };
}

function splitCommas(text: string): readonly string[] {
  const parts = [''];
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === ',' && !quoted) {
      parts.push('');
      continue;
    }
    if (char === '"') quoted = !quoted;
    parts[parts.length - 1] += char;
    // Of `DOMAIN\name` and `CN=a\,b` alike the next character is no separator.
    if (char === '\\' && at + 1 < text.length) {
      at += 1;
      parts[parts.length - 1] += text.charAt(at);
    }
  }
  return parts;
}

function lastRdn(dn: string): string {
  return splitCommas(dn).at(-1) ?? dn;
}

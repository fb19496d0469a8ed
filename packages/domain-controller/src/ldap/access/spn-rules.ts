import type { Directory } from '@doublehop/directory/directory';
import type { Entry } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import { matchKey } from '@doublehop/directory/schema/syntax';
import { accessDenied } from '../failures.ts';
import { mayDo } from './access.ts';
import { readHeuristics } from './heuristics.ts';
import type { Aliases } from './service-mappings.ts';
import type { Subject } from './subject.ts';

/** ERROR_DS_NAME_REFERENCE_INVALID, ERROR_DS_SPN_VALUE_NOT_UNIQUE_IN_FOREST. */
const NAME_REFERENCE_INVALID = 0x20b5;
const SPN_NOT_UNIQUE = 0x21c7;

/**
 * The rules for the SPNs that an entry is going to have: a syntax (MS-ADTS 3.1.1.5.3.2), and no
 * conflict with what stands for them at another account (CVE-2021-42282). `host/x` is not given
 * where `cifs/x` is somebody else's; `cifs/x` beside somebody else's `host/x` takes the right to
 * write that account too, for it takes its clients away. That no two accounts have one SPN is
 * checked by the directory.
 */
export function checkSpns(
  { directory }: { readonly directory: Directory },
  subject: Subject,
  entry: Entry | undefined,
  after: (name: string) => readonly string[],
): void {
  const present = new Set(entry?.values('servicePrincipalName') ?? []);
  const added = after('servicePrincipalName').filter((spn) => !present.has(spn));
  if (added.length === 0) return;
  const names = new Set(after('sAMAccountName').map((name) => name.toLowerCase()));
  for (const spn of added) {
    if (isSpn(spn) || names.has(spn.toLowerCase())) continue;
    const win32 = NAME_REFERENCE_INVALID;
    throw new DirectoryError('constraintViolation', `${spn} is no service principal name`, {
      win32,
      attribute: 'servicePrincipalName',
    });
  }
  const { source, domain } = subject.decisions;
  if (readHeuristics(source, domain.configurationDn).sameSpnAliases) return;
  const service = source.find(
    `CN=Directory Service,CN=Windows NT,CN=Services,${domain.configurationDn}`,
  );
  const mappings = (service?.values('sPNMappings') ?? []).filter((one) => typeof one === 'string');
  refuseAliases(directory, subject, entry, added, mappings);
}

/** `class/host`, `class/host:port` or `class/host/name` (MS-ADTS 2.2.21, 5.1.1.4). */
export function isSpn(text: string): boolean {
  const parts = text.split('/');
  return parts.length >= 2 && parts.length <= 3 && parts.every((part) => part !== '');
}

function refuseAliases(
  directory: Directory,
  subject: Subject,
  entry: Entry | undefined,
  added: readonly string[],
  mappings: readonly string[],
): void {
  const { source, services } = subject.decisions;
  const { view = directory.view } = source;
  const attribute = directory.known.servicePrincipalName;
  const inUse = new Map<string, Aliases>();
  for (const spn of added) {
    const slash = spn.indexOf('/');
    const service = spn.slice(0, slash).toLowerCase();
    let known = inUse.get(service);
    if (known === undefined) {
      const { stands, aliases } = services.aliasesOf(service, mappings);
      // `host` has dozens of them, of which few are in use.
      known = { stands, aliases: directory.servicesAmong(aliases) };
      inUse.set(service, known);
    }
    if (known.aliases.length === 0) continue;
    const name = matchKey(attribute.syntax, spn.slice(slash));
    for (const alias of known.aliases) {
      const holder = view.onlyWithKey(attribute, alias + name);
      if (holder === undefined || holder === entry?.id) continue;
      if (known.stands) throw aliasTaken(alias);
      const other = source.find({ id: holder });
      const may = other !== undefined && mayDo(subject, other, { kind: 'write', attribute });
      if (!may) throw accessDenied();
    }
  }
}

function aliasTaken(alias: string): DirectoryError {
  return new DirectoryError('constraintViolation', `${alias} there is another account's`, {
    win32: SPN_NOT_UNIQUE,
    attribute: 'servicePrincipalName',
  });
}

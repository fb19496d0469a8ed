import type { DirectoryWriter } from '@doublehop/directory/writer';
import { Right } from '@doublehop/security/access-mask';
import { isDomainAdministrator } from './access/decisions.ts';
import { readHeuristics } from './access/heuristics.ts';
import { type Subject, within } from './access/subject.ts';
import type { NewEntry } from './add-rules.ts';
import { accessDenied } from './failures.ts';
import { demandChanges } from './write-access.ts';

/** Given when an entry is made, and asked for by other rules or by none. */
const UNCHECKED: ReadonlySet<string> = new Set([
  'nTSecurityDescriptor',
  'objectClass',
  'userPassword',
]);

/** Whether the attributes of a new entry are checked one by one (CVE-2021-42291). */
export function isChecked(
  { token, decisions: { schema, domain } }: Subject,
  writer: DirectoryWriter,
  { type }: NewEntry,
): boolean {
  if (isDomainAdministrator(token, domain) || !schema.isKindOf(type, 'computer')) return false;
  return readHeuristics(writer, domain.configurationDn).checkAddedAttributes;
}

/**
 * Attributes of a new computer are written by right: by WRITE_DAC that its default descriptor says
 * outright, or else one by one (MS-ADTS 3.1.1.5.2.1.1). The entry has been added with its default
 * descriptor, in a unit that comes to nothing when this throws.
 */
export function checkAddedAttributes(
  subject: Subject,
  writer: DirectoryWriter,
  id: number,
  { type, values }: NewEntry,
): void {
  const asker = within(subject, writer);
  const { schema, domain } = asker.decisions;
  const entry = writer.find({ id });
  if (entry === undefined) throw new TypeError(`entry ${id} is not there after it was added`);
  const rights = asker.decisions.rightsOn(entry);
  if (rights.hasExplicitly(Right.writeDac, [asker.decisions.classOf(entry)])) return;
  const { blockOwner } = readHeuristics(writer, domain.configurationDn);
  if (values['nTSecurityDescriptor'] !== undefined && blockOwner) throw accessDenied();
  const required = new Set(schema.required(type).map((one) => one.name));
  const changes = Object.entries(values)
    .filter(([attribute]) => !UNCHECKED.has(attribute) && !required.has(attribute))
    .map(([attribute, given]) => ({ operation: 'add', attribute, values: given }) as const);
  demandChanges(asker, entry, changes, 0);
}

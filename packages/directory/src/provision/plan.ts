import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { withRid } from '@doublehop/security/sid';
import type { DomainInfo } from '../domain.ts';
import type { AttributeInput } from '../entry.ts';
import type { AddOptions } from '../writer-options.ts';
import type { DirectoryWriter } from '../writer.ts';

/** systemFlags of objects (MS-ADTS 2.2.10). */
export const SystemFlag = {
  /** FLAG_DISALLOW_DELETE. */
  kept: 0x8000_0000 | 0,
  /** FLAG_DISALLOW_DELETE, FLAG_DOMAIN_DISALLOW_RENAME and FLAG_DOMAIN_DISALLOW_MOVE. */
  fixed: 0x8c00_0000 | 0,
  /** FLAG_DISALLOW_MOVE_ON_DELETE. */
  diesInPlace: 0x0200_0000,
  /** FLAG_DISALLOW_DELETE and FLAG_DISALLOW_MOVE_ON_DELETE. */
  keptInPlace: 0x8200_0000 | 0,
  /** FLAG_CONFIG_ALLOW_RENAME. */
  renamable: 0x4000_0000,
  /** FLAG_CONFIG_ALLOW_RENAME and FLAG_DISALLOW_MOVE_ON_DELETE. */
  site: 0x4200_0000,
  /** FLAG_CONFIG_ALLOW_RENAME, FLAG_CONFIG_ALLOW_LIMITED_MOVE and FLAG_DISALLOW_MOVE_ON_DELETE. */
  server: 0x5200_0000,
} as const;

/** An entry to be made: attributes by name, and what most of these entries have in common. */
export interface Planned {
  /** Its relative name, with those above it up to the naming context. */
  readonly rdn: string;
  readonly objectClass: string;
  readonly systemFlags?: number;
  /** isCriticalSystemObject (MS-ADTS 3.1.1.1.6). */
  readonly critical?: boolean;
  readonly sddl?: string;
  /** Shown where its class would be hidden. */
  readonly shown?: boolean;
  readonly more?: AttributeInput;
}

/**
 * The directory itself as the maker of entries, for one of the groups that own what it makes in a
 * naming context: administrators of the schema, the enterprise or the domain (MS-ADTS 6.1.3.8).
 */
export function madeFor({ sid }: DomainInfo, rid: number): AddOptions {
  const group = withRid(sid, rid);
  return { system: true, creator: { owner: group, group } };
}

/** Makes entries below a name, in their order, for the domain's administrators unless told. */
export function addPlanned(
  writer: DirectoryWriter,
  info: DomainInfo,
  above: string,
  plan: readonly Planned[],
  options: AddOptions = { system: true },
): void {
  for (const { rdn, objectClass, systemFlags, critical, sddl, shown, more } of plan) {
    const attributes: AttributeInput = {
      objectClass,
      ...(systemFlags === undefined ? {} : { systemFlags: String(systemFlags) }),
      ...(critical === true ? { isCriticalSystemObject: 'TRUE' } : {}),
      ...(shown === true ? { showInAdvancedViewOnly: 'FALSE' } : {}),
      ...(sddl === undefined ? {} : { nTSecurityDescriptor: descriptorBytes(info, sddl) }),
      ...more,
    };
    writer.add(`${rdn},${above}`, attributes, options);
  }
}

/** A descriptor in the bytes of nTSecurityDescriptor. */
export function descriptorBytes(info: DomainInfo, sddl: string): Uint8Array {
  return encodeDescriptor(parseSddl(sddl, { domain: info.sid, aclRevision: 4 }));
}

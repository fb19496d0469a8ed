import type { Entry, EntryName } from '@doublehop/directory/entry';
import type { View } from '@doublehop/directory/view';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';

/** Where entries are read from: a directory, or a writer in the middle of its unit. */
export interface EntrySource {
  /** A descriptor by its number, its generic bits mapped to rights of the directory. */
  descriptor?(id: number): SecurityDescriptor | undefined;
  find(name: EntryName | string): Entry | undefined;
  /** The entries by value; those of the unit, in one. */
  readonly view?: View;
  /** Another number whenever something has changed; a unit of work has none. */
  revision?(): number;
}

/** What the characters of dSHeuristics switch (MS-ADTS 6.1.1.2.4.1.2), as far as it is heeded. */
export interface Heuristics {
  /** fDoListObject: LIST_OBJECT makes single children visible. */
  readonly listObject: boolean;
  /** fLDAPUsePermMod: every modify is a permissive one. */
  readonly permissiveModify: boolean;
  /** fLDAPBlockAnonOps is false: who has not bound may do what descriptors say. */
  readonly anonymousOperations: boolean;
  /** fUserPwdSupport: userPassword is another name of the password. */
  readonly userPassword: boolean;
  /** fSpecifyGUIDOnAdd: whoever has the right Add-GUID may choose an objectGUID. */
  readonly chooseGuid: boolean;
  /**
   * Bit 2 of DoNotVerifyUPNAndOrSPNUniqueness: SPNs that stand for each other may be of several
   * accounts. Its other bits are not heeded: a name means one account.
   */
  readonly sameSpnAliases: boolean;
  /** AttributeAuthorizationOnLDAPAdd is 1 (CVE-2021-42291). */
  readonly checkAddedAttributes: boolean;
  /** BlockOwnerImplicitRights is 1 (CVE-2021-42291). */
  readonly blockOwner: boolean;
}

/** The heuristics of a forest, by the name of its configuration. */
export function readHeuristics(source: EntrySource, configurationDn: string): Heuristics {
  const service = source.find(`CN=Directory Service,CN=Windows NT,CN=Services,${configurationDn}`);
  return parseHeuristics(service?.text('dSHeuristics') ?? '');
}

/** Reads a value of dSHeuristics; characters that are not there are "0". */
export function parseHeuristics(value: string): Heuristics {
  const at = (place: number): string => value.charAt(place - 1) || '0';
  const uniqueness = at(21) >= '0' && at(21) <= '7' ? Number(at(21)) : 0;
  return {
    listObject: at(3) === '1',
    permissiveModify: at(5) !== '0',
    anonymousOperations: at(7) === '2',
    userPassword: at(9) !== '0' && at(9) !== '2',
    chooseGuid: at(11) !== '0',
    sameSpnAliases: (uniqueness & 4) !== 0,
    // A value that means nothing means the safer one (MS-ADTS 6.1.1.2.4.1.2).
    checkAddedAttributes: !'023'.includes(at(28)),
    blockOwner: !'023'.includes(at(29)),
  };
}

/** Whether a value may be stored: every tenth character counts the tens (MS-ADTS 3.1.1.5.3.2). */
export function isHeuristics(value: string): boolean {
  for (let place = 10; place <= Math.min(value.length, 99); place += 10) {
    if (value.charAt(place - 1) !== String(place / 10)) return false;
  }
  return true;
}

import type { Guid } from '@doublehop/security/guid';

/** Control access rights that operations ask for (MS-ADTS 5.1.3.2.1). */
export const ControlRight = {
  addGuid: '440820ad-65b4-11d1-a3da-0000f875ae0d',
  changeDomainMaster: '014bc69c-7b3b-11d1-85f6-08002be74fab',
  changeInfrastructureMaster: 'cc17b1fb-33d9-11d2-97d4-00c04fd8d5cd',
  changePdc: 'bae50096-4752-11d1-9052-00c04fc2d4cf',
  changeRidMaster: 'd58d5f36-0a98-11d1-adbb-00c04fd8d5cd',
  changeSchemaMaster: 'e12b56b6-0a95-11d1-adbb-00c04fd8d5cd',
  /** DS-Replication-Get-Changes, and -In-Filtered-Set. */
  getChanges: '1131f6aa-9c07-11d1-f79f-00c04fc2dcd2',
  getChangesInFilteredSet: '89e95b76-444d-4c62-991a-0facbeda640c',
  enableReversibleEncryption: '05c74c5e-4deb-43b4-bd9f-86664c2a7fd5',
  installReplica: '9923a32a-3607-11d2-b9be-0000f87a36b2',
  passwordNotRequired: '280f369c-67c7-438e-ae98-1d46f3c6f541',
  reanimateTombstones: '45ec5156-db7e-47bb-b53f-dbeb2d03c40f',
  setOwner: '4125c71f-7fac-4ff0-bcb7-f09a41325286',
  unexpirePassword: 'ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501',
  userChangePassword: 'ab721a53-1e2f-11d0-9819-00aa0040529b',
  userForceChangePassword: '00299570-246d-11d0-a768-00aa006e0529',
} as const satisfies Readonly<Record<string, Guid>>;

/** Validated writes by the attribute that they let write (MS-ADTS 5.1.3.2.2). */
export const VALIDATED_WRITES: ReadonlyMap<string, Guid> = new Map([
  ['dNSHostName', '72e39547-7b18-11d1-adef-00c04fd8d5cd'],
  ['member', 'bf9679c0-0de6-11d0-a285-00aa003049e2'],
  ['msDS-AdditionalDnsHostName', '80863791-dbe9-4eb8-837e-7f0ab55d9ac7'],
  ['msDS-Behavior-Version', 'd31a8757-2447-4545-8081-3bb610cacbf2'],
  ['msDS-KeyCredentialLink', '9b026da6-0d3c-465c-8bee-5199d7165cba'],
  ['servicePrincipalName', 'f3a64788-5306-11d1-a9c5-0000f80367c1'],
]);

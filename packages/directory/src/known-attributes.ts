import type { AttributeType, Schema } from './schema/schema.ts';

/** Attributes that the directory itself reads and writes, looked up once. */
export interface KnownAttributes {
  readonly accountExpires: AttributeType;
  readonly cn: AttributeType;
  readonly descriptor: AttributeType;
  readonly groupType: AttributeType;
  readonly isCriticalSystemObject: AttributeType;
  readonly member: AttributeType;
  readonly msDSSupportedEncryptionTypes: AttributeType;
  readonly name: AttributeType;
  readonly objectClass: AttributeType;
  readonly objectGuid: AttributeType;
  readonly objectSid: AttributeType;
  readonly primaryGroupId: AttributeType;
  readonly pwdLastSet: AttributeType;
  readonly samAccountName: AttributeType;
  readonly samAccountType: AttributeType;
  readonly servicePrincipalName: AttributeType;
  readonly sidHistory: AttributeType;
  readonly userAccountControl: AttributeType;
  readonly userPrincipalName: AttributeType;
  readonly usnChanged: AttributeType;
  readonly usnCreated: AttributeType;
  readonly whenChanged: AttributeType;
  readonly whenCreated: AttributeType;
}

/** The directory's own attributes in a schema. */
export function knownAttributes(schema: Schema): KnownAttributes {
  return {
    accountExpires: needed(schema, 'accountExpires'),
    cn: needed(schema, 'cn'),
    descriptor: needed(schema, 'nTSecurityDescriptor'),
    groupType: needed(schema, 'groupType'),
    isCriticalSystemObject: needed(schema, 'isCriticalSystemObject'),
    member: needed(schema, 'member'),
    msDSSupportedEncryptionTypes: needed(schema, 'msDS-SupportedEncryptionTypes'),
    name: needed(schema, 'name'),
    objectClass: needed(schema, 'objectClass'),
    objectGuid: needed(schema, 'objectGUID'),
    objectSid: needed(schema, 'objectSid'),
    primaryGroupId: needed(schema, 'primaryGroupID'),
    pwdLastSet: needed(schema, 'pwdLastSet'),
    samAccountName: needed(schema, 'sAMAccountName'),
    samAccountType: needed(schema, 'sAMAccountType'),
    servicePrincipalName: needed(schema, 'servicePrincipalName'),
    sidHistory: needed(schema, 'sIDHistory'),
    userAccountControl: needed(schema, 'userAccountControl'),
    userPrincipalName: needed(schema, 'userPrincipalName'),
    usnChanged: needed(schema, 'uSNChanged'),
    usnCreated: needed(schema, 'uSNCreated'),
    whenChanged: needed(schema, 'whenChanged'),
    whenCreated: needed(schema, 'whenCreated'),
  };
}

/** An attribute that a schema must have. */
export function needed(schema: Schema, name: string): AttributeType {
  const type = schema.attribute(name);
  if (type === undefined) throw new TypeError(`the schema has no attribute ${name}`);
  return type;
}

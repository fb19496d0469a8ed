import { encodeSid, parseSid, withRid } from '@doublehop/security/sid';
import type { DomainInfo } from '../domain.ts';
import type { AttributeInput } from '../entry.ts';
import type { DirectoryWriter } from '../writer.ts';
import { ADMIN_SD_HOLDER_SDDL } from './descriptors.ts';
import { descriptorBytes, SystemFlag } from './plan.ts';
import {
  BUILTIN_GROUPS,
  DEFAULT_GROUPS,
  DEFAULT_MEMBERS,
  type DefaultGroup,
  FOREIGN,
  GROUP_TYPES,
  PROTECTED,
} from './principal-data.ts';

const BUILTIN = parseSid('S-1-5-32');

/** ACCOUNTDISABLE, PASSWD_NOTREQD, NORMAL_ACCOUNT, DONT_EXPIRE_PASSWORD. */
const GUEST_CONTROL = 0x10222;

/** The users and groups of a new domain, and who is in which (MS-ADTS 6.1.1.6). */
export function addPrincipals(writer: DirectoryWriter, info: DomainInfo): void {
  const add = (dn: string, rid: number, attributes: AttributeInput): void => {
    const isBuiltin = dn.endsWith(`,CN=Builtin,${info.dn}`);
    const sid = withRid(isBuiltin ? BUILTIN : info.sid, rid);
    const name = dn.slice('CN='.length, dn.indexOf(',CN='));
    const guard = PROTECTED.has(name) ? protection : {};
    const all = {
      ...attributes,
      ...guard,
      sAMAccountName: name,
      objectSid: encodeSid(sid),
      isCriticalSystemObject: 'TRUE',
    };
    writer.add(dn, all, { system: true });
  };
  const protection = {
    adminCount: '1',
    nTSecurityDescriptor: descriptorBytes(info, ADMIN_SD_HOLDER_SDDL),
  };
  const users = `CN=Users,${info.dn}`;
  for (const group of DEFAULT_GROUPS) {
    add(`CN=${group.name},${users}`, group.rid, groupAttributes(group, GROUP_TYPES[group.scope]));
  }
  for (const group of BUILTIN_GROUPS) {
    const attributes = groupAttributes(group, GROUP_TYPES.builtin);
    const systemFlags = String(SystemFlag.fixed);
    add(`CN=${group.name},CN=Builtin,${info.dn}`, group.rid, { ...attributes, systemFlags });
  }
  for (const [name, rid, more] of USERS) {
    add(`CN=${name},${users}`, rid, { objectClass: 'user', ...more });
  }
  for (const sid of FOREIGN) {
    const attributes = { objectClass: 'foreignSecurityPrincipal', objectSid: encodeSid(sid) };
    writer.add(`CN=${sid},CN=ForeignSecurityPrincipals,${info.dn}`, attributes, { system: true });
  }
  for (const [group, members] of DEFAULT_MEMBERS) {
    const values = members.map((rdns) => `${rdns},${info.dn}`);
    const change = { operation: 'add', attribute: 'member', values } as const;
    writer.modify(`${group},${info.dn}`, [change]);
  }
}

const USERS: readonly (readonly [name: string, rid: number, more: AttributeInput])[] = [
  [
    'Administrator',
    500,
    {
      userAccountControl: '512',
      description: 'Built-in account for administering the computer/domain',
    },
  ],
  [
    'Guest',
    501,
    {
      userAccountControl: String(GUEST_CONTROL),
      primaryGroupID: '514',
      description: 'Built-in account for guest access to the computer/domain',
    },
  ],
  [
    'krbtgt',
    502,
    {
      userAccountControl: '514',
      showInAdvancedViewOnly: 'TRUE',
      servicePrincipalName: 'kadmin/changepw',
      description: 'Key Distribution Center Service Account',
    },
  ],
];

function groupAttributes({ description }: Pick<DefaultGroup, 'description'>, groupType: number) {
  return {
    objectClass: 'group',
    groupType: String(groupType),
    ...(description === '' ? {} : { description }),
  };
}

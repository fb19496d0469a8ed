// A domain as nobody would want it: computers by the thousand in nested units, groups in groups,
// SIDs of nobody and of elsewhere, every form of descriptor, names with everything in them. What
// was put in is told by name, so that a test can count without the code that it tests.
import { addGrant } from '@doublehop/delegation/grants';
import type { Directory } from '@doublehop/directory/directory';
import type { DomainInfo } from '@doublehop/directory/domain';
import type { AttributeInput } from '@doublehop/directory/entry';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { encodeSid, type Sid } from '@doublehop/security/sid';
import { AWKWARD_FORMS, type AwkwardCast } from './awkward-forms.ts';

const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
const A2D2 = 'msDS-AllowedToDelegateTo';
const ACCOUNT_RESTRICTIONS = '4c164200-20c0-11d0-a768-00aa006e0529';
const COMPUTER_CLASS = 'bf967a86-0de6-11d0-a285-00aa003049e2';

/** userAccountControl of what is made here (MS-ADTS 2.2.16). */
const UAC = {
  disabled: 0x2,
  user: 0x200,
  computer: 0x1000,
  controller: 0x2000,
  trusted: 0x8_0000,
  sensitive: 0x10_0000,
  transition: 0x100_0000,
} as const;

/** A domain that is trusted across a forest trust, and one that nobody knows. */
export const FOREIGN_DOMAIN: Sid = 'S-1-5-21-3000000001-3000000002-3000000003';
export const UNKNOWN_DOMAIN: Sid = 'S-1-5-21-4000000001-4000000002-4000000003';

export interface AwkwardOptions {
  /** Computers in all, at least 200. Default 5,000. */
  readonly computers?: number;
  /** What everything that looks random is made of. */
  readonly seed?: number;
}

/** What was put in. */
export interface Awkward {
  /** Computers that were added. */
  readonly computers: number;
  /** Of them, ordinary ones that list ordinary middles. */
  readonly ordinaryGrants: number;
  /** DNs and SIDs by sAMAccountName. */
  readonly dns: ReadonlyMap<string, string>;
  readonly sids: ReadonlyMap<string, Sid>;
  /** sAMAccountNames by what was made of them: `unconstrained`, `form NULL DACL`, … */
  readonly made: ReadonlyMap<string, readonly string[]>;
}

/** Fills a new domain; the same options give the same names, units and descriptors. */
export async function fillAwkwardDomain(
  directory: Directory,
  options: AwkwardOptions = {},
): Promise<Awkward> {
  const { computers = 5000, seed = 1 } = options;
  const { domain } = directory;
  if (domain === undefined) throw new Error('there is no domain yet');
  const builder = new AwkwardBuilder(directory, domain, seed);
  await builder.fill(computers);
  return builder.result();
}

/** Names with everything that a DN, a filter, a CSV file or a page may trip over. */
const ODD_NAMES: readonly string[] = [
  'Müller, "Büro" 1',
  'Rechner 😀 👩‍💻',
  '=SUM(A1)+cmd|calc',
  '<script>alert(1)</script>',
  "O'Brien; DROP TABLE",
  'back\\slash (1) *',
  '# leading and trailing ',
  'Ǆ ﬁ İ ẞ zwölf',
  'a+b=c,d;e<f>g"h',
  '\u202Eright to left',
];

/** Names of units, each of which may stand in each other. */
const UNITS: readonly string[] = [
  'Europa',
  'Zürich, "West"',
  'R+D; Labor 😀',
  'Server #1',
  'Tier = 2',
  'Ελλάδα',
];

/** Entries in one unit of writes. */
const BATCH = 1000;

class AwkwardBuilder {
  readonly #directory: Directory;
  readonly #domain: DomainInfo;
  readonly #next: (below: number) => number;
  readonly #made = new Map<string, string[]>();
  readonly #sids = new Map<string, Sid>();
  readonly #dns = new Map<string, string>();
  readonly #units: string[] = [];
  readonly #root: string;
  #computers = 0;
  #grants = 0;

  constructor(directory: Directory, domain: DomainInfo, seed: number) {
    this.#directory = directory;
    this.#domain = domain;
    this.#next = mulberry(seed);
    this.#root = `OU=Awkward,${domain.dn}`;
  }

  async fill(computers: number): Promise<void> {
    await this.#directory.write((writer) => {
      this.#addUnits(writer);
      this.#addPeople(writer);
      this.#addGroups(writer);
    });
    await this.#directory.write((writer) => {
      this.#addForms(writer);
      this.#addTargets(writer);
      this.#addMiddles(writer);
      this.#addWriters(writer);
      this.#addTrusts(writer);
    });
    while (this.#computers < computers) {
      const last = Math.min(this.#computers + BATCH, computers);
      await this.#directory.write((writer) => {
        while (this.#computers < last) this.#addOrdinary(writer, this.#computers);
      });
    }
  }

  result(): Awkward {
    return {
      computers: this.#computers,
      ordinaryGrants: this.#grants,
      sids: this.#sids,
      dns: this.#dns,
      made: this.#made,
    };
  }

  /** Six units, each with one inside the other six deep, and two that are written to by others. */
  #addUnits(writer: DirectoryWriter): void {
    writer.add(this.#root, { objectClass: 'organizationalUnit' });
    for (const name of UNITS) {
      let dn = this.#root;
      for (let depth = 0; depth < UNITS.length; depth += 1) {
        const inner = UNITS[(UNITS.indexOf(name) + depth) % UNITS.length] ?? name;
        dn = `OU=${escaped(inner)},${dn}`;
        writer.add(dn, { objectClass: 'organizationalUnit' });
        this.#units.push(dn);
      }
    }
  }

  #addPeople(writer: DirectoryWriter): void {
    this.#user(writer, 'aw-user', 'Ordinary user');
    this.#user(writer, 'aw-müller', 'Müller, "Größe" 😀');
    this.#user(writer, 'aw-service', 'Service', {
      spns: [`MSSQLSvc/aw-sql.${this.#domain.dnsName}:1433`],
    });
    this.#user(writer, 'aw-gone', 'Disabled user', { control: UAC.user | UAC.disabled });
    this.#user(writer, 'aw-creator', 'Creator of computers');
    const privileged = (name: string, control: number, list: string): void => {
      this.#user(writer, name, `Admin ${name}`, { control });
      this.#put(list, name);
    };
    privileged('aw-admin-open', UAC.user, 'admin open');
    privileged('aw-admin-nested', UAC.user, 'admin open');
    privileged('aw-admin-sensitive', UAC.user | UAC.sensitive, 'admin safe');
    privileged('aw-admin-protected', UAC.user, 'admin safe');
    privileged('aw-admin-disabled', UAC.user | UAC.disabled, 'admin safe');
    this.#user(writer, 'aw-admin-former', 'Former admin', { more: { adminCount: '1' } });
    this.#put('admin former', 'aw-admin-former');
  }

  /** aw-outer holds aw-inner holds aw-core; a ring; one with members of elsewhere. */
  #addGroups(writer: DirectoryWriter): void {
    for (const name of ['aw-core', 'aw-inner', 'aw-outer', 'aw-ring1', 'aw-ring2', 'aw-empty']) {
      this.#group(writer, name);
    }
    this.#group(writer, 'aw-foreign');
    this.#member(writer, 'aw-foreign', `<SID=${FOREIGN_DOMAIN}-1106>`);
    this.#group(writer, 'aw-joiners');
    this.#group(writer, 'aw-denied');
    this.#group(writer, 'aw-tier0-nested');
    this.#member(writer, 'aw-inner', this.#dn('aw-core'));
    this.#member(writer, 'aw-outer', this.#dn('aw-inner'));
    this.#member(writer, 'aw-ring1', this.#dn('aw-ring2'));
    this.#member(writer, 'aw-ring2', this.#dn('aw-ring1'));
    this.#member(writer, 'aw-joiners', this.#dn('aw-user'));
    this.#member(writer, 'aw-joiners', this.#dn('aw-müller'));
    this.#member(writer, 'aw-denied', this.#dn('aw-creator'));
    this.#member(writer, 'aw-tier0-nested', this.#dn('aw-admin-nested'));
    const users = `CN=Users,${this.#domain.dn}`;
    const admins = `CN=Domain Admins,${users}`;
    for (const name of ['open', 'sensitive', 'protected', 'disabled']) {
      writer.modify(admins, [added('member', this.#dn(`aw-admin-${name}`))]);
    }
    writer.modify(admins, [added('member', this.#dn('aw-tier0-nested'))]);
    const guarded = `CN=Protected Users,${users}`;
    writer.modify(guarded, [added('member', this.#dn('aw-admin-protected'))]);
  }

  /** A computer, a user and a gMSA with each form of descriptor. */
  #addForms(writer: DirectoryWriter): void {
    const middle = this.#computer(writer, 'AWMIDDLE', { unit: 0 });
    this.#member(writer, 'aw-core', this.#dn(middle));
    const gone = writer.add(`CN=AWGONE,${this.#unit(0)}`, {
      objectClass: 'computer',
      sAMAccountName: 'AWGONE$',
    });
    const orphan = gone.sid ?? 'S-1-0-0';
    writer.remove(gone.dn);
    const cast: AwkwardCast = {
      middle: this.#sid(middle),
      group: this.#sid('aw-outer'),
      domain: this.#domain.sid,
      foreign: `${FOREIGN_DOMAIN}-1105`,
      unknown: `${UNKNOWN_DOMAIN}-1105`,
      orphan,
    };
    for (const [index, { name, bytes }] of AWKWARD_FORMS.entries()) {
      const number = String(index).padStart(2, '0');
      const list = { [RBCD]: bytes(cast) };
      this.#put(`form ${name}`, this.#computer(writer, `AWF${number}`, { unit: index, list }));
      this.#put(
        `form ${name}`,
        this.#user(writer, `aw-f${number}`, `Form ${name}`, { more: list }),
      );
      this.#put(`form ${name}`, this.#managed(writer, `awg${number}`, list));
    }
  }

  /** Targets that nobody should be able to act to, and those with the wrong sort of middle. */
  #addTargets(writer: DirectoryWriter): void {
    const grantTo = (sid: Sid): AttributeInput => ({ [RBCD]: listOf(sid) });
    const middle = this.#sid('AWMIDDLE$');
    const users = `CN=Users,${this.#domain.dn}`;
    const controllers = `OU=Domain Controllers,${this.#domain.dn}`;
    writer.modify(`CN=krbtgt,${users}`, [
      { operation: 'replace', attribute: RBCD, values: [listOf(middle)] },
    ]);
    const control = UAC.controller | UAC.trusted;
    const spns = { servicePrincipalName: ['HOST/awdc', `ldap/awdc.${this.#domain.dnsName}`] };
    const dc = { folder: controllers, control, list: { ...grantTo(middle), ...spns } };
    this.#put('rbcd controller', this.#computer(writer, 'AWDC', dc));
    this.#put('rbcd tier 0', this.#computer(writer, 'AZUREADSSOACC', { list: grantTo(middle) }));
    this.#put(
      'rbcd user trustee',
      this.#computer(writer, 'AWUT', { list: grantTo(this.#sid('aw-user')) }),
    );
    this.#put(
      'rbcd disabled trustee',
      this.#computer(writer, 'AWDT', { list: grantTo(this.#sid('aw-gone')) }),
    );
    this.#put(
      'rbcd empty group',
      this.#computer(writer, 'AWEG', { list: grantTo(this.#sid('aw-empty')) }),
    );
    this.#put(
      'rbcd foreign member',
      this.#computer(writer, 'AWFM', { list: grantTo(this.#sid('aw-foreign')) }),
    );
    this.#computer(writer, 'AWRING', { list: grantTo(this.#sid('aw-ring1')) });
    this.#put(
      'chain',
      this.#computer(writer, 'AWCHAIN', {
        list: { ...grantTo(middle), [A2D2]: [`cifs/awmiddle.${this.#domain.dnsName}`] },
      }),
    );
  }

  /** Accounts that delegate: unconstrained, and by lists of services. */
  #addMiddles(writer: DirectoryWriter): void {
    const to = (...services: readonly string[]): AttributeInput => ({ [A2D2]: services });
    const make = (what: string, name: string, options: ComputerOptions): void =>
      this.#put(what, this.#computer(writer, name, options));
    const trusted = UAC.computer | UAC.trusted;
    const transition = UAC.computer | UAC.transition;
    make('unconstrained', 'AWU1', { control: trusted });
    make('unconstrained', 'AWU2', { control: trusted | UAC.disabled });
    this.#user(writer, 'aw-unconstrained', 'Trusted', { control: UAC.user | UAC.trusted });
    this.#put('unconstrained', 'aw-unconstrained');
    make('kcd', 'AWK1', { list: to(`cifs/awmiddle.${this.#domain.dnsName}`) });
    make('transition', 'AWK2', { control: transition, list: to('HOST/awmiddle') });
    make('transition without list', 'AWK3', { control: transition });
    make('kcd controller', 'AWK4', { list: to(`ldap/awdc.${this.#domain.dnsName}`) });
    make('transition controller', 'AWK5', { control: transition, list: to('cifs/awdc') });
    make('ghost', 'AWK6', { list: to(`http/nowhere.${this.#domain.dnsName}`, 'cifs/awmiddle') });
  }

  /** Who may write a target's list, each in a way of its own. */
  #addWriters(writer: DirectoryWriter): void {
    const user = this.#sid('aw-user');
    const creator = this.#sid('aw-creator');
    const denied = this.#sid('aw-denied');
    const ways: Readonly<Record<string, string>> = {
      'writer attribute': `(OA;;WP;${RBCD_GUID};;${user})`,
      'writer property set': `(OA;;WP;${ACCOUNT_RESTRICTIONS};;${user})`,
      'writer all properties': `(A;;WP;;;${user})`,
      'writer generic write': `(A;;GW;;;${user})`,
      'writer full control': `(A;;GA;;;${user})`,
      'writer dacl': `(A;;WD;;;${user})`,
      'writer owner': `(A;;WO;;;${user})`,
      'writer creator': `(OA;;WP;${ACCOUNT_RESTRICTIONS};;${creator})`,
      'no writer: denied': `(D;;WP;;;${user})(OA;;WP;${RBCD_GUID};;${user})`,
      'no writer: group denied': `(OD;;WP;${RBCD_GUID};;${denied})(A;;WP;;;${creator})`,
      'no writer: another attribute': `(OA;;WP;f3a64788-5306-11d1-a9c5-0000f80367c1;;${user})`,
      'no writer: inherit-only': `(A;CIIO;GA;;;${user})`,
    };
    for (const [index, [what, aces]] of Object.entries(ways).entries()) {
      const sddl = `O:DAD:P${aces}(A;;GA;;;DA)(A;;GA;;;SY)`;
      this.#put(what, this.#computer(writer, `AWW${index}`, { list: this.#descriptor(sddl) }));
    }
    const owned = this.#descriptor(`O:${creator}D:P(A;;GA;;;DA)`);
    this.#put('writer by owning', this.#computer(writer, 'AWOWN', { list: owned }));
    const limited = this.#descriptor(`O:${creator}D:P(A;;GA;;;DA)(A;;RC;;;OW)`);
    this.#put('no writer: owner rights', this.#computer(writer, 'AWOW', { list: limited }));
    const joiners = this.#sid('aw-joiners');
    const inherited = `(OA;CIIO;WP;${ACCOUNT_RESTRICTIONS};${COMPUTER_CLASS};${joiners})`;
    const folder = `OU=Joined,${this.#root}`;
    writer.add(folder, {
      objectClass: 'organizationalUnit',
      ...this.#descriptor(`O:DAG:DAD:${inherited}(A;CI;GA;;;DA)(A;CI;GA;;;SY)`),
    });
    for (let number = 0; number < JOINED; number += 1) {
      this.#put('writer joiners', this.#computer(writer, `AWJ${number}`, { folder }));
    }
  }

  /** Trusts with each flag that matters (MS-ADTS 6.1.6.7.9). */
  #addTrusts(writer: DirectoryWriter): void {
    const add = (name: string, direction: number, attributes: number, sid: Sid): void => {
      const dn = `CN=${name},CN=System,${this.#domain.dn}`;
      const facts = {
        objectClass: 'trustedDomain',
        trustPartner: name,
        flatName: name.split('.')[0]?.toUpperCase() ?? name,
        trustDirection: String(direction),
        trustType: '2',
        trustAttributes: String(attributes),
        securityIdentifier: encodeSid(sid),
      };
      writer.add(dn, facts, { system: true });
    };
    add('foreign.example', 3, 0x8, FOREIGN_DOMAIN);
    add('delegating.example', 3, 0x808, 'S-1-5-21-3100000001-1-1');
    add('unfiltered.example', 3, 0x48, 'S-1-5-21-3200000001-1-1');
    add('quarantined.example', 2, 0x4, 'S-1-5-21-3300000001-1-1');
    add('external.example', 2, 0, 'S-1-5-21-3400000001-1-1');
    add('selective.example', 3, 0x18, 'S-1-5-21-3500000001-1-1');
  }

  /** One of the many: every fifth has a middle, every fiftieth an odd name. */
  #addOrdinary(writer: DirectoryWriter, number: number): void {
    const name = `AW${String(number).padStart(6, '0')}`;
    const odd = number % 50 === 0 ? ODD_NAMES[(number / 50) % ODD_NAMES.length] : undefined;
    const cn = odd === undefined ? name : `${odd.slice(0, 40)} ${number}`;
    const unit = this.#next(this.#units.length);
    const middle = number % 5 === 0 ? MIDDLES[this.#next(MIDDLES.length)] : undefined;
    const list = middle === undefined ? {} : { [RBCD]: listOf(this.#sid(middle)) };
    if (middle !== undefined) this.#grants += 1;
    this.#computer(writer, name, { cn, unit, list });
  }

  #computer(writer: DirectoryWriter, name: string, options: ComputerOptions): string {
    const { unit = 0, folder = this.#unit(unit), cn = name, control = UAC.computer } = options;
    const account = `${name}$`;
    const host = `${name.toLowerCase()}.${this.#domain.dnsName}`;
    const { list = {} } = options;
    this.#computers += 1;
    this.#note(
      account,
      writer.add(`CN=${escaped(cn)},${folder}`, {
        objectClass: 'computer',
        sAMAccountName: account,
        userAccountControl: String(control),
        dNSHostName: host,
        servicePrincipalName: [`HOST/${name}`, `HOST/${host}`],
        ...list,
      }),
    );
    return account;
  }

  #user(
    writer: DirectoryWriter,
    name: string,
    cn: string,
    options: {
      readonly control?: number;
      readonly spns?: readonly string[];
      readonly more?: AttributeInput;
    } = {},
  ): string {
    const { control = UAC.user, spns, more = {} } = options;
    const entry = writer.add(`CN=${escaped(cn)},${this.#root}`, {
      objectClass: 'user',
      sAMAccountName: name,
      userAccountControl: String(control),
      ...(spns === undefined ? {} : { servicePrincipalName: spns }),
      ...more,
    });
    this.#note(name, entry);
    return name;
  }

  #managed(writer: DirectoryWriter, name: string, more: AttributeInput): string {
    const account = `${name}$`;
    const entry = writer.add(`CN=${name},${this.#root}`, {
      objectClass: 'msDS-GroupManagedServiceAccount',
      sAMAccountName: account,
      userAccountControl: String(UAC.computer),
      'msDS-ManagedPasswordInterval': '30',
      'msDS-SupportedEncryptionTypes': '28',
      ...more,
    });
    this.#note(account, entry);
    return account;
  }

  #group(writer: DirectoryWriter, name: string): void {
    const dn = `CN=${name},${this.#root}`;
    this.#note(name, writer.add(dn, { objectClass: 'group', sAMAccountName: name }));
  }

  #member(writer: DirectoryWriter, group: string, dn: string): void {
    writer.modify(this.#dn(group), [added('member', dn)]);
  }

  #descriptor(sddl: string): AttributeInput {
    const { sid: domain } = this.#domain;
    return { nTSecurityDescriptor: encodeDescriptor(parseSddl(sddl, { domain })) };
  }

  #note(name: string, { dn, sid }: { readonly dn: string; readonly sid: Sid | undefined }): void {
    this.#dns.set(name, dn);
    if (sid !== undefined) this.#sids.set(name, sid);
  }

  #put(what: string, name: string): void {
    this.#made.set(what, [...(this.#made.get(what) ?? []), name]);
  }

  #unit(number: number): string {
    return this.#units[number % this.#units.length] ?? this.#root;
  }

  #dn(name: string): string {
    return known(this.#dns, name);
  }

  #sid(name: string): Sid {
    return known(this.#sids, name);
  }
}

interface ComputerOptions {
  readonly cn?: string;
  readonly unit?: number;
  readonly folder?: string;
  readonly control?: number;
  readonly list?: AttributeInput;
}

const RBCD_GUID = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';

/** Computers in the unit whose computers a group may write to. */
const JOINED = 7;

/** Middles of ordinary targets. */
const MIDDLES: readonly string[] = ['AWMIDDLE$', 'AWK1$', 'awg06$', 'aw-outer'];

function known<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`${name} was not made yet`);
  return value;
}

function listOf(sid: Sid): Uint8Array {
  return encodeDescriptor(addGrant(undefined, sid).descriptor);
}

function added(attribute: string, value: string) {
  return { operation: 'add', attribute, values: [value] } as const;
}

/** A value of a relative name (RFC 4514 §2.4). */
function escaped(text: string): string {
  return text.replace(/[\\",+<>;=#]/g, '\\$&').replace(/^ | $/g, '\\ ');
}

/** Numbers that look random and are always the same: mulberry32. */
function mulberry(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * below);
  };
}

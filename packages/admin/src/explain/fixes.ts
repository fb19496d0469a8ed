import { hasControl } from '@doublehop/delegation/account-control';
import type { Reason } from '@doublehop/delegation/refusals';
import type { Account } from '../account.ts';
import type { HopFacts } from './hop-facts.ts';
import type { Prediction } from './predict.ts';

/** Something that would make the hop allowed, or less refused. */
export interface Fix {
  /** What it does, as a sentence without a full stop. */
  readonly what: string;
  /** Lines of doublehop that do it, one after the other; none where it has no command for it. */
  readonly commands: readonly string[];
  /** What else will do it: a command of Windows or Samba. */
  readonly elsewhere: string | undefined;
  /** What becomes possible beside this hop, as a sentence without a full stop. */
  readonly widens: string;
  /** `narrow`: this middle to this target; `wide`: more than was asked for. */
  readonly reach: 'none' | 'narrow' | 'wide';
}

/** What would lift a refusal, the narrowest first; nothing where it is not refused. */
export function fixesOf(facts: HopFacts, { refusal }: Prediction): readonly Fix[] {
  if (refusal === undefined) return [];
  const find = FIXES[refusal.reason];
  return find === undefined ? [] : find(partsOf(facts));
}

interface Parts {
  readonly facts: HopFacts;
  readonly user: string;
  readonly middle: string;
  readonly target: string;
  readonly spn: string;
}

function partsOf(facts: HopFacts): Parts {
  const { user, middle, target } = facts;
  return {
    facts,
    user: user.hop.account.name,
    middle: quoted(middle.hop.account),
    target: target.party === undefined ? target.spn : quoted(target.party.hop.account),
    spn: target.spn,
  };
}

type Finder = (parts: Parts) => readonly Fix[];

const FIXES: Readonly<Partial<Record<Reason, Finder>>> = {
  'rbcd-descriptor-absent': (parts) => [grant(parts), ...list(parts)],
  'rbcd-not-listed': (parts) => [grant(parts), ...list(parts)],
  'rbcd-descriptor-unparsable': (parts) => [replace(parts)],
  'rbcd-denied': (parts) => [replace(parts), ...list(parts)],
  'kcd-not-configured': (parts) => [grant(parts), ...list(parts)],
  'kcd-no-match': (parts) => [grant(parts), ...list(parts)],
  'evidence-not-forwardable': notForwardable,
  'user-not-delegated': notForwardable,
  'target-unknown': registerTarget,
  'target-ambiguous': ({ spn }) => [
    {
      what: `take ${spn} from every account but one`,
      commands: [],
      elsewhere: `setspn -D ${spn} ACCOUNT`,
      widens: 'nothing; clients of the account that loses the name have to ask for another one',
      reach: 'none',
    },
  ],
  'server-nameless': registerMiddle,
  'server-unknown': registerMiddle,
  'self-nameless': registerMiddle,
  'user-disabled': ({ user }) => [enable(user)],
  'middle-disabled': ({ middle }) => [enable(middle)],
  'server-disabled': ({ middle }) => [enable(middle)],
  'target-disabled': ({ target }) => [enable(target)],
  'user-locked': ({ user }) => [
    {
      what: `unlock ${user}`,
      commands: [],
      elsewhere: `Unlock-ADAccount ${user}, or samba-tool user unlock ${user}`,
      widens: 'nothing beside what the account may do; find out who tried its password',
      reach: 'none',
    },
  ],
  'user-password-expired': changePassword,
  'user-password-must-change': changePassword,
};

function grant({ middle, target }: Parts): Fix {
  return {
    what: `grant ${middle} on ${target} (resource-based)`,
    commands: [`doublehop grant --middle ${middle} --target ${target}`],
    elsewhere: undefined,
    widens: `${middle} may act for every user who can be delegated to every service of ${target}`,
    reach: 'narrow',
  };
}

/** Classic delegation, which needs the transition bit where the user does not bring a ticket. */
function list({ facts, middle, spn, target }: Parts): readonly Fix[] {
  if (facts.acrossDomains) return [];
  const add = `doublehop kcd add --middle ${middle} --service ${spn}`;
  const transition = facts.evidence === 'protocol-transition';
  return [
    {
      what: `or list ${spn} at ${middle} (classic; needs the right to change delegation)`,
      commands: transition ? [add, markTransition(middle)] : [add],
      elsewhere: undefined,
      widens:
        `${middle} may act for every user who can be delegated to every service of ${target}: ` +
        'the service class in a ticket is not protected' +
        (transition ? '; and without the user having been there' : ''),
      reach: transition ? 'wide' : 'narrow',
    },
  ];
}

function markTransition(middle: string): string {
  return `doublehop flags set protocol-transition --account ${middle}`;
}

function replace({ middle, target }: Parts): Fix {
  return {
    what: `replace the list of ${target}: see who is on it first (doublehop show ${target})`,
    commands: [`doublehop set --middle ${middle} --target ${target}`],
    elsewhere: undefined,
    widens: `${middle} may act for users to ${target}; deny entries and everybody else are gone`,
    reach: 'narrow',
  };
}

/** The user forbids it, or the middle's list without the bit, or the client did not ask. */
function notForwardable(parts: Parts): readonly Fix[] {
  const { facts, user, middle } = parts;
  const { account, groups } = facts.user.hop;
  if (hasControl(account.userAccountControl, 'NOT_DELEGATED')) {
    return [
      otherUser(user),
      {
        what: `let ${user} be delegated`,
        commands: [`doublehop flags clear sensitive --account ${user}`],
        elsewhere: `Set-ADUser ${user} -AccountNotDelegated $false`,
        widens: `every account that is trusted for delegation anywhere may act for ${user}`,
        reach: 'wide',
      },
    ];
  }
  const protectedUser = [...(groups ?? [])].some((sid) => /^S-1-5-21-.*-525$/.test(sid));
  if (protectedUser && facts.kdc.settings.protectedUsers) {
    return [
      otherUser(user),
      {
        what: `take ${user} out of Protected Users`,
        commands: [],
        elsewhere: `Remove-ADGroupMember "Protected Users" ${user}`,
        widens: `everything that the group keeps from ${user}: delegation, NTLM, RC4, long tickets`,
        reach: 'wide',
      },
    ];
  }
  if (facts.evidence === 'kerberos') return [forwardableTgt(user)];
  return [ownTicket(parts), anyProtocol(parts, middle)];
}

function otherUser(user: string): Fix {
  return {
    what: `work as another account than ${user} for this: the mark is there to prevent it`,
    commands: [],
    elsewhere: undefined,
    widens: 'nothing',
    reach: 'none',
  };
}

function forwardableTgt(user: string): Fix {
  return {
    what: `let ${user} get a forwardable TGT`,
    commands: [`doublehop kinit --forwardable ${user}`],
    elsewhere: 'kinit -f; forwardable = true in krb5.conf',
    widens: 'nothing: every Windows client asks for it',
    reach: 'none',
  };
}

function ownTicket({ user, middle }: Parts): Fix {
  return {
    what: `let ${user} come to ${middle} with a Kerberos ticket: then no transition is needed`,
    commands: [],
    elsewhere: 'add --evidence kerberos here to see what happens then',
    widens: 'nothing',
    reach: 'none',
  };
}

function anyProtocol({ facts }: Parts, middle: string): Fix {
  const listed = facts.middle.hop.allowedToDelegateTo.length > 0;
  return {
    what: `let ${middle} use any protocol (TRUSTED_TO_AUTH_FOR_DELEGATION)`,
    commands: [markTransition(middle)],
    elsewhere: `Set-ADAccountControl ${middle}$ -TrustedToAuthForDelegation $true`,
    widens:
      `${middle} may act for every user who can be delegated, without the user's doing` +
      (listed ? ', to all that its list names and to all that list it' : ', to all that list it'),
    reach: 'wide',
  };
}

function registerTarget({ facts, spn }: Parts): readonly Fix[] {
  const host = spn.slice(spn.indexOf('/') + 1);
  const { name } = facts.middle.hop.account;
  return [
    {
      what: `register ${spn} on the account that the service runs as`,
      commands: [],
      elsewhere: `setspn -S ${spn} ACCOUNT, or samba-tool spn add ${spn} ACCOUNT`,
      widens: 'nothing; tickets for the name are then sealed with the key of that account',
      reach: 'none',
    },
    {
      what: `or let ${name} ask for a name that ${host} has`,
      commands: [`doublehop show ${host.replace(/[.:/].*$/, '')}`],
      elsewhere: undefined,
      widens: 'nothing',
      reach: 'none',
    },
  ];
}

function registerMiddle({ middle }: Parts): readonly Fix[] {
  return [
    {
      what: `register an SPN on ${middle}: what has none is no service`,
      commands: [],
      elsewhere: `setspn -S http/NAME ${middle}, or samba-tool spn add http/NAME ${middle}`,
      widens: `whoever gets a ticket to it may guess the password of ${middle} offline`,
      reach: 'wide',
    },
  ];
}

function enable(name: string): Fix {
  return {
    what: `enable ${name}, if it is meant to be used`,
    commands: [],
    elsewhere: `Enable-ADAccount ${name}`,
    widens: 'everything that the account may do',
    reach: 'wide',
  };
}

function changePassword({ user }: Parts): readonly Fix[] {
  return [
    {
      what: `let ${user} change the password`,
      commands: [`doublehop kpasswd ${user}`],
      elsewhere: undefined,
      widens: 'nothing',
      reach: 'none',
    },
  ];
}

/** A name for a command line: without the dollar of a computer, quoted where a shell needs it. */
function quoted({ name, kind }: Account): string {
  const plain = kind === 'computer' ? name.replace(/\$$/, '') : name;
  return /^[\w.-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", String.raw`'\''`)}'`;
}

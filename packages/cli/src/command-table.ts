import type { Command } from 'commander';
import type { Context } from './context.ts';

/** What a file in `commands` exports: a function that makes its command. */
export interface CommandModule {
  readonly command: (context: Context) => Command;
}

/** One command of `doublehop`, loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
  /** Not in the help: for our own processes. */
  readonly hidden?: boolean;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'grant',
    summary: 'let a middle act for users to a target; keeps every other principal',
    load: async () => await import('./commands/grant.ts'),
  },
  {
    name: 'revoke',
    summary: 'take a grant away; the last removal clears the attribute',
    load: async () => await import('./commands/revoke.ts'),
  },
  {
    name: 'set',
    summary: 'make these middles the only ones that may act to a target',
    load: async () => await import('./commands/set.ts'),
  },
  {
    name: 'show',
    summary: 'who may act for users to a target, as principals, entries, SDDL and bytes',
    load: async () => await import('./commands/show.ts'),
  },
  {
    name: 'kcd',
    summary: 'classic constrained delegation: services on the list of a middle',
    load: async () => await import('./commands/kcd.ts'),
  },
  {
    name: 'flags',
    summary: 'mark accounts as sensitive, for protocol transition, as unconstrained',
    load: async () => await import('./commands/flags.ts'),
  },
  {
    name: 'history',
    summary: 'the runs that wrote something: who, when, what, and what became of it',
    load: async () => await import('./commands/history.ts'),
  },
  {
    name: 'undo',
    summary: 'take back what a run has written',
    load: async () => await import('./commands/undo.ts'),
  },
  {
    name: 'explain',
    summary: 'whether a middle gets a ticket to a target as a user, why, and what would change it',
    load: async () => await import('./commands/explain.ts'),
  },
  {
    name: 'prove',
    summary: 'make a hop at the real KDC, and compare it with what explain predicts',
    load: async () => await import('./commands/prove.ts'),
  },
  {
    name: 'audit',
    summary: 'all delegation of a domain, who may change it, and what is wrong with it',
    load: async () => await import('./commands/audit.ts'),
  },
  {
    name: 'plan',
    summary: 'what a policy file would grant and take away in a domain',
    load: async () => await import('./commands/plan.ts'),
  },
  {
    name: 'apply',
    summary: 'make a domain what a policy file says',
    load: async () => await import('./commands/apply.ts'),
  },
  {
    name: 'drift',
    summary: 'whether a domain is what a policy file says; exit code 2 if not',
    load: async () => await import('./commands/drift.ts'),
  },
  {
    name: 'policy',
    summary: 'policy files: export what is so, check, schema',
    load: async () => await import('./commands/policy.ts'),
  },
  {
    name: 'invoke',
    summary: 'run commands on computers by PowerShell remoting, many at once',
    load: async () => await import('./commands/invoke.ts'),
  },
  {
    name: 'enter',
    summary: 'work on a computer line by line, by PowerShell remoting',
    load: async () => await import('./commands/enter.ts'),
  },
  {
    name: 'run',
    summary: 'run PowerShell scripts at the console of ServerA in the lab',
    load: async () => await import('./commands/run.ts'),
  },
  {
    name: 'psconfig',
    summary: 'session configurations of a lab host: register, get, set, enable, unregister',
    load: async () => await import('./commands/psconfig.ts'),
  },
  {
    name: 'locate',
    summary: 'the controllers of a domain, as every command finds them',
    load: async () => await import('./commands/locate.ts'),
  },
  {
    name: 'kinit',
    summary: 'get a ticket-granting ticket by password or keytab',
    load: async () => await import('./commands/kinit.ts'),
  },
  {
    name: 'klist',
    summary: "list tickets, keys of a keytab, or a lab host's tickets; klist purge",
    load: async () => await import('./commands/klist.ts'),
  },
  {
    name: 'kvno',
    summary: 'get a service ticket, also for another user and on to a target (S4U)',
    load: async () => await import('./commands/kvno.ts'),
  },
  {
    name: 'kdestroy',
    summary: 'destroy the tickets of a cache',
    load: async () => await import('./commands/kdestroy.ts'),
  },
  {
    name: 'kpasswd',
    summary: "change a password, or set another account's",
    load: async () => await import('./commands/kpasswd.ts'),
  },
  {
    name: 'lab',
    summary: 'the domain in a box: up, down, status, env, run, purge',
    load: async () => await import('./commands/lab.ts'),
  },
  {
    name: 'dc',
    summary: 'run a domain controller',
    load: async () => await import('./commands/dc.ts'),
  },
  {
    name: 'completion',
    summary: 'completion of commands and options for bash, zsh, fish, PowerShell',
    load: async () => await import('./commands/completion.ts'),
  },
  {
    name: 'lab-process',
    summary: 'a process of the lab',
    hidden: true,
    load: async () => await import('./commands/lab-process.ts'),
  },
];

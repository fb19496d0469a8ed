import type { Account } from '@doublehop/admin/account';
import {
  type DelegationFlag,
  FLAG_NAMES,
  flagsOn,
  planFlags,
} from '@doublehop/admin/delegation/flags';
import { splitIdentities } from '@doublehop/admin/identity';
import { Command } from 'commander';
import {
  addConnectionOptions,
  type ConnectionOptions,
  withConnections,
} from '../admin/connection.ts';
import { accountJson } from '../admin/edit-json.ts';
import {
  addTargetOptions,
  requireTargets,
  selectTargets,
  type TargetOptions,
} from '../admin/selection.ts';
import {
  type AccountEditOptions,
  addAccountEditOptions,
  editAccounts,
} from '../changes/edit-attributes.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printJson } from '../output/json.ts';
import { renderTable } from '../output/table.ts';

interface EditOptions extends AccountEditOptions {
  readonly account?: readonly string[];
}

interface ShowOptions extends ConnectionOptions, Omit<TargetOptions, 'target'> {
  readonly json?: true;
}

/** `doublehop flags`: what accounts are marked as, where delegation is concerned. */
export function command(context: Context): Command {
  return new Command('flags')
    .description(
      'What accounts are marked as: "sensitive" (nobody may act for it), "protocol-transition" ' +
        '(may act for users who did not come by Kerberos), "unconstrained" (may act anywhere).',
    )
    .addCommand(editCommand(context, 'set', 'Mark accounts; every other flag stays.'))
    .addCommand(editCommand(context, 'clear', 'Take marks away; every other flag stays.'))
    .addCommand(showCommand(context))
    .addHelpText('after', EXAMPLES);
}

const EXAMPLES = `
All but "sensitive" take the user right SeEnableDelegationPrivilege, which
Administrators have.

Examples:
  $ doublehop flags set sensitive --account alice
  alice is now sensitive and cannot be delegated

  $ doublehop flags clear unconstrained --account ServerB
  $ doublehop flags show --search-base OU=Servers,DC=contoso,DC=com`;

function editCommand(context: Context, verb: 'set' | 'clear', description: string): Command {
  const edit = new Command(verb)
    .description(description)
    .argument('[flag...]', FLAG_NAMES.join(', '));
  const described = 'the account; may be repeated, or a list: alice,bob';
  return addAccountEditOptions(edit, '--account <identity>', described)
    .addHelpText('after', `\nExample:\n  $ doublehop flags ${verb} sensitive --account alice`)
    .action(async (names: readonly string[], options: EditOptions) => {
      const flags = names.flatMap((name) => name.split(',')).map(flagOf);
      if (flags.length === 0 && options.resume === undefined) {
        throw new UsageError(`which flags? Give some of ${FLAG_NAMES.join(', ')}`);
      }
      await editAccounts(context, options, {
        argument: '--account',
        named: options.account ?? [],
        selects: flags.length > 0,
        plan: (_connection, accounts) => planFlags(accounts, { flags, value: verb === 'set' }),
      });
    });
}

function flagOf(text: string): DelegationFlag {
  const wanted = text.trim().toLowerCase();
  const flag = FLAG_NAMES.find((name) => name === wanted);
  if (flag !== undefined) return flag;
  throw new UsageError(`"${text}" is none of ${FLAG_NAMES.join(', ')}; accounts go to --account`);
}

function showCommand(context: Context): Command {
  const show = new Command('show')
    .description('Show what accounts are marked as.')
    .argument('[account...]', 'accounts, in any form of name')
    .option('--json', 'print everything as JSON');
  addTargetOptions(show, true);
  return addConnectionOptions(show)
    .addHelpText('after', '\nExample:\n  $ doublehop flags show alice ServerB')
    .action(async (names: readonly string[], options: ShowOptions) => {
      const target = names.flatMap(splitIdentities);
      requireTargets({ ...options, target }, 'a name');
      await withConnections(context, options, async ({ targets: connection }) => {
        const accounts = await selectTargets(
          context,
          connection,
          { ...options, target },
          'account',
        );
        if (options.json === true) {
          printJson(context, { domain: connection.domain.dnsName, accounts: accounts.map(toJson) });
          return;
        }
        const rows = accounts.map((account) => {
          const on = new Set(flagsOn(account));
          return [account.name, ...FLAG_NAMES.map((flag) => (on.has(flag) ? 'yes' : '-'))];
        });
        const header = ['ACCOUNT', ...FLAG_NAMES.map((flag) => flag.toUpperCase())];
        context.out(renderTable(header, rows));
      });
    });
}

function toJson(account: Account): unknown {
  const { userAccountControl } = account;
  return { account: accountJson(account), flags: flagsOn(account), userAccountControl };
}

import { splitIdentities } from '@doublehop/admin/identity';
import {
  type ListedMiddle,
  planServices,
  readServices,
  type ServicesEdit,
} from '@doublehop/admin/delegation/services';
import { Command, Option } from 'commander';
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
import { printable } from '../output/table.ts';

interface EditOptions extends AccountEditOptions {
  readonly middle?: readonly string[];
  readonly service?: readonly string[];
  readonly all?: true;
}

interface ShowOptions extends ConnectionOptions, Omit<TargetOptions, 'target'> {
  readonly json?: true;
}

/** `doublehop kcd`: the services to which a middle may act, as the middle itself keeps them. */
export function command(context: Context): Command {
  return new Command('kcd')
    .description(
      'Classic constrained delegation: the list of services to which a middle may act for users, ' +
        'which the middle keeps (msDS-AllowedToDelegateTo). For lists on the target see grant.',
    )
    .addCommand(editCommand(context, 'add', 'Put services on the list; the others stay.'))
    .addCommand(editCommand(context, 'remove', 'Take services off the list, or all with --all.'))
    .addCommand(editCommand(context, 'set', 'Make these services the only ones.'))
    .addCommand(showCommand(context))
    .addHelpText('after', EXAMPLES);
}

const EXAMPLES = `
It takes the user right SeEnableDelegationPrivilege, which Administrators have.

Examples:
  $ doublehop kcd add --middle ServerB --service cifs/serverc.contoso.com
  SERVERB$ may now act for users to cifs/serverc.contoso.com

  $ doublehop kcd show ServerB
  $ doublehop kcd remove --middle ServerB --all`;

function editCommand(
  context: Context,
  kind: 'add' | 'remove' | 'set',
  description: string,
): Command {
  const edit = new Command(kind)
    .description(description)
    .addOption(
      new Option(
        '--service <spn>',
        'cifs/serverc.contoso.com; may be repeated, or a list',
      ).argParser(collectNames),
    );
  if (kind === 'remove') edit.option('--all', 'every service: clear the attribute');
  const described = 'the account whose list it is; may be repeated, or a list: B1,B2';
  return addAccountEditOptions(edit, '--middle <identity>', described)
    .addHelpText('after', exampleOf(kind))
    .action(async (options: EditOptions) => {
      const { middle = [], service = [], all, resume } = options;
      if (all === true && service.length > 0) {
        throw new UsageError('--all and --service exclude each other');
      }
      if (all !== true && service.length === 0 && resume === undefined) {
        throw new UsageError('which services? Give --service, such as cifs/serverc.contoso.com');
      }
      const wanted: ServicesEdit = all === true ? { kind: 'clear' } : { kind, services: service };
      await editAccounts(context, options, {
        argument: '--middle',
        named: middle,
        selects: service.length > 0,
        plan: async (connection, accounts) => await planServices(connection, accounts, wanted),
      });
    });
}

function exampleOf(kind: string): string {
  return `
Example:
  $ doublehop kcd ${kind} --middle ServerB --service cifs/serverc.contoso.com`;
}

/** Service names have no commas that matter here: they are lists as identities are. */
function collectNames(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ...splitIdentities(text)];
}

function showCommand(context: Context): Command {
  const show = new Command('show')
    .description('Show the services to which middles may act, and who has those names.')
    .argument('[middle...]', 'middles, in any form of name')
    .option('--json', 'print everything as JSON');
  addTargetOptions(show, true);
  return addConnectionOptions(show)
    .addHelpText('after', '\nExample:\n  $ doublehop kcd show ServerB')
    .action(async (names: readonly string[], options: ShowOptions) => {
      const target = names.flatMap(splitIdentities);
      requireTargets({ ...options, target }, 'a name');
      await withConnections(context, options, async ({ targets: connection }) => {
        const accounts = await selectTargets(context, connection, { ...options, target }, 'middle');
        const listed = await readServices(connection, accounts);
        if (options.json === true) {
          printJson(context, { domain: connection.domain.dnsName, middles: listed.map(toJson) });
          return;
        }
        // Of a sweep those count that have a list.
        const shown =
          target.length > 0 ? listed : listed.filter((each) => each.services.length > 0);
        for (const each of shown) context.out(textOf(each));
        if (shown.length === 0) context.out(`none of ${listed.length} accounts has a list\n`);
      });
    });
}

function textOf({ account, services, protocolTransition, unconstrained }: ListedMiddle): string {
  const { name } = account;
  const lines = services.map(({ service, holders }) => {
    const who = holders.length === 0 ? 'a ghost: nobody has this name' : holders.join(' and ');
    return `  ${service}  ${who}${holders.length > 1 ? ': no ticket is issued for it' : ''}`;
  });
  const head =
    services.length === 0
      ? `${name} may act for users to no service of a list`
      : `${name} may act for users to`;
  const how = protocolTransition
    ? 'for users who came by any protocol (protocol transition)'
    : 'for users who came by Kerberos';
  if (services.length > 0) lines.push(`  ${how}`);
  if (unconstrained) lines.push('  and to everything else: it is trusted for any service');
  return [head, ...lines].map((line) => `${printable(line)}\n`).join('');
}

function toJson({ account, services, protocolTransition, unconstrained }: ListedMiddle): unknown {
  return { middle: accountJson(account), services, protocolTransition, unconstrained };
}

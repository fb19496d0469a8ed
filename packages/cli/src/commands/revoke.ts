import { Command } from 'commander';
import { addEditOptions, type EditOptions, runEdit } from '../admin/edit.ts';
import { addMiddleOption, addTargetOptions } from '../admin/selection.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';

interface RevokeOptions extends EditOptions {
  readonly all?: true;
}

/** `doublehop revoke`: takes middles off a target's list, or clears it. */
export function command(context: Context): Command {
  const revoke = new Command('revoke').description(
    'Take away that a middle may act for users to a target. Every other principal is kept; the ' +
      'last removal clears the attribute.',
  );
  addMiddleOption(revoke, 'who may no longer act; may be repeated, or a list: B1,B2');
  revoke.option('--all', 'everybody: clear the attribute');
  addTargetOptions(revoke);
  return addEditOptions(revoke)
    .addHelpText('after', EXAMPLES)
    .action(async (options: RevokeOptions) => {
      const all = options.all === true;
      if (all && options.middle !== undefined) {
        throw new UsageError('--all and --middle exclude each other');
      }
      await runEdit(context, options, {
        editOf: (middles) => (all ? { kind: 'clear' } : { kind: 'revoke', middles }),
        whoElse: all ? undefined : 'who may no longer act? Give --middle, or --all for everybody',
      });
    });
}

const EXAMPLES = `
A middle may go on with tickets that it has already: 15 minutes on Windows
(S4UTicketLifetime).

Examples:
  $ doublehop revoke --middle ServerB --target ServerC
  SERVERB$ may no longer act for users to SERVERC$

  $ doublehop revoke --all --dry-run \\
      --search-base 'OU=Servers,OU=NA,DC=contoso,DC=com'`;

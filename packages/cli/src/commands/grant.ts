import { Command } from 'commander';
import { addEditOptions, type EditOptions, runEdit } from '../admin/edit.ts';
import { addMiddleOption, addTargetOptions, WHO } from '../admin/selection.ts';
import type { Context } from '../context.ts';

/** `doublehop grant`: adds middles to a target's list; everything else in it stays as it is. */
export function command(context: Context): Command {
  const grant = new Command('grant').description(
    'Let a middle act for users to a target (resource-based constrained delegation). Every other ' +
      'principal of the target is kept.',
  );
  addMiddleOption(grant, 'who may act for users; may be repeated, or a list: B1,B2,B3');
  addTargetOptions(grant);
  return addEditOptions(grant)
    .addHelpText('after', EXAMPLES)
    .action(async (options: EditOptions) => {
      await runEdit(context, options, {
        editOf: (middles) => ({ kind: 'grant', middles }),
        whoElse: WHO,
      });
    });
}

const EXAMPLES = `
Names: sAMAccountName with or without $, DOMAIN\\name, UPN, DN, GUID, SID, SPN.

Examples:
  $ doublehop grant --middle ServerB --target ServerC
  SERVERB$ may now act for users to SERVERC$

  All servers of a folder but the jump box itself, looked at first:
  $ doublehop grant --middle JumpBox --dry-run \\
      --search-base 'OU=Servers,OU=NA,DC=contoso,DC=com'

  A middle of another domain:
  $ doublehop grant --middle ServerB --target ServerC \\
      --middle-server dc.fabrikam.com`;

import { Command } from 'commander';
import { addEditOptions, type EditOptions, runEdit } from '../admin/edit.ts';
import { addMiddleOption, addTargetOptions, WHO } from '../admin/selection.ts';
import type { Context } from '../context.ts';

/** `doublehop set`: replaces a target's list, as Set-ADComputer does, and shows the difference. */
export function command(context: Context): Command {
  const set = new Command('set').description(
    'Make these middles the only ones that may act for users to a target, as Set-ADComputer ' +
      '-PrincipalsAllowedToDelegateToAccount does. Whoever is lost is shown.',
  );
  addMiddleOption(set, 'who alone may act for users; may be repeated, or a list: B1,B2,B3');
  addTargetOptions(set);
  return addEditOptions(set)
    .addHelpText('after', EXAMPLES)
    .action(async (options: EditOptions) => {
      await runEdit(context, options, {
        editOf: (middles) => ({ kind: 'set', middles }),
        whoElse: WHO,
      });
    });
}

const EXAMPLES = `
To add one and keep the others use doublehop grant; to clear the list,
doublehop revoke --all.

Example:
  $ doublehop set --middle ServerB1,ServerB2,ServerB3 --target ServerC
  SERVERB1$ may now act for users to SERVERC$
  SERVERB2$ may now act for users to SERVERC$
  SERVERB3$ may now act for users to SERVERC$
  SERVERB$ may no longer act for users to SERVERC$`;

import { Command } from 'commander';
import { addConnectionOptions } from '../admin/connection.ts';
import { resumeCommand } from '../changes/resume.ts';
import { addWriteOptions } from '../changes/write.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { FILE_HELP, type PolicyApplyOptions } from '../policy/options.ts';
import { applyPlan, showPlan, withPlan } from '../policy/run.ts';

/** `doublehop apply`: makes a domain what a policy file says. */
export function command(context: Context): Command {
  const apply = new Command('apply').description(
    'Make a domain what a policy file says. The plan is shown first, and more than one change is ' +
      'asked about. Whatever the policy is not about stays as it is.',
  );
  addWriteOptions(apply.argument('[file]', FILE_HELP));
  return addConnectionOptions(apply, true)
    .addHelpText('after', EXAMPLES)
    .action(async (path: string | undefined, options: PolicyApplyOptions) => {
      const { resume } = options;
      if (resume !== undefined) {
        await resumeCommand(context, { ...options, resume }, path !== undefined);
        return;
      }
      if (path === undefined) throw new UsageError('no policy: give a file, or --resume a run');
      await withPlan(context, { path, options }, async (planned) => {
        if (options.dryRun === true) showPlan(context, planned, options.json === true);
        else await applyPlan(context, planned, options);
      });
    });
}

const EXAMPLES = `
Exit codes: 0 the domain is as the policy wants, 1 error, 2 refused.

Examples:
  $ doublehop apply policy.yaml
  $ doublehop apply policy.yaml --yes --json`;

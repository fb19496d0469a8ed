import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addApplyOptions, addPolicyOptions, type PolicyApplyOptions } from '../policy/options.ts';
import { applyPlan, showPlan, withPlan } from '../policy/run.ts';

/** `doublehop apply`: makes a domain what a policy file says. */
export function command(context: Context): Command {
  const apply = new Command('apply').description(
    'Make a domain what a policy file says. The plan is shown first, and more than one change is ' +
      'asked about. Whatever the policy is not about stays as it is.',
  );
  addApplyOptions(addPolicyOptions(apply, 'print the outcome as JSON'));
  return apply
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, options: PolicyApplyOptions) => {
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

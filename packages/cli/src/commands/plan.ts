import { Command } from 'commander';
import type { Context } from '../context.ts';
import { addPolicyOptions, type PolicyOptions } from '../policy/options.ts';
import { showPlan, withPlan } from '../policy/run.ts';

/** `doublehop plan`: in what a domain differs from a policy file, and what apply would write. */
export function command(context: Context): Command {
  const plan = new Command('plan').description(
    'Compare a domain with a policy file: what doublehop apply would grant and take away, and ' +
      'which rule wants it. Nothing is written.',
  );
  return addPolicyOptions(plan, 'print the plan as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, options: PolicyOptions) => {
      await withPlan(context, { path, options }, (planned) =>
        showPlan(context, planned, options.json === true),
      );
    });
}

const EXAMPLES = `
Exit codes: 0 planned, 1 error, 2 an account cannot be made as the policy wants.

Examples:
  $ doublehop plan policy.yaml
  "jump box" wants it:
    + JUMPBOX$ may now act for users to SERVERC$
  1 difference on 1 account; nothing was written

  A policy file to begin with: what is so now.
  $ doublehop policy export > policy.yaml`;

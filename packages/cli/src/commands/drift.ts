import type { PolicyPlan } from '@doublehop/admin/policy/change';
import { Command, Option } from 'commander';
import { type Context, EXIT } from '../context.ts';
import { printJson } from '../output/json.ts';
import { policyJson } from '../policy/json.ts';
import { junitReport } from '../policy/junit.ts';
import { addPolicyOptions, type PolicyOptions } from '../policy/options.ts';
import { type Planned, withPlan } from '../policy/run.ts';
import { driftTable, planSummary } from '../policy/view.ts';

interface DriftOptions extends PolicyOptions {
  readonly format?: 'table' | 'json' | 'junit';
}

/** `doublehop drift`: whether a domain is still what a policy file says. */
export function command(context: Context): Command {
  const drift = new Command('drift').description(
    'Tell whether a domain is what a policy file says, by the exit code too: for pipelines.',
  );
  return addPolicyOptions(drift, 'the same as --format json')
    .addOption(
      new Option('--format <form>', 'form of the output').choices(['table', 'json', 'junit']),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, options: DriftOptions) => {
      await withPlan(context, { path, options }, (planned) => {
        print(context, planned, options);
        if (hasDrift(planned.plan)) context.exitCode = EXIT.refused;
      });
    });
}

const EXAMPLES = `
Exit codes: 0 no drift, 1 error, 2 drift.

Examples:
  $ doublehop drift policy.yaml
  $ doublehop drift policy.yaml --format junit > drift.xml`;

function hasDrift({ changes, refused }: PolicyPlan): boolean {
  return changes.length + refused.length > 0;
}

function print(context: Context, { plan, file, connection }: Planned, options: DriftOptions): void {
  const form = options.json === true ? 'json' : (options.format ?? 'table');
  if (form === 'json') {
    printJson(context, policyJson(connection, { name: file.name, plan }));
  } else if (form === 'junit') {
    context.out(junitReport(file, plan));
  } else {
    context.out(driftTable(plan));
    context.out(`${planSummary(plan, 'no drift')}\n`);
  }
}

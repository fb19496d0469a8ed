import { exportPolicy } from '@doublehop/admin/policy/export';
import { POLICY_SCHEMA } from '@doublehop/admin/policy/schema';
import { Command, Option } from 'commander';
import {
  addConnectionOptions,
  type ConnectionOptions,
  withConnections,
} from '../admin/connection.ts';
import type { Context } from '../context.ts';
import { printJson } from '../output/json.ts';
import { printable } from '../output/table.ts';
import { readPolicyFile } from '../policy/file.ts';
import { count } from '../output/count.ts';

interface ExportOptions extends ConnectionOptions {
  readonly searchBase?: string;
  readonly mode?: 'exact' | 'include';
  readonly others?: 'keep' | 'revoke';
  readonly json?: true;
}

/** `doublehop policy`: policy files: exported, checked, and their schema. */
export function command(context: Context): Command {
  const policy = new Command('policy')
    .description('Policy files for doublehop plan, apply and drift.')
    .addHelpText('after', EXAMPLES);
  const exporting = new Command('export')
    .description('write a policy file that says what is so in a domain now')
    .option('--search-base <dn>', 'accounts below this folder only')
    .addOption(
      new Option('--mode <mode>', 'mode of the rules; default exact').choices(['exact', 'include']),
    )
    .addOption(
      new Option(
        '--others <what>',
        'what the file says of all other accounts; default keep',
      ).choices(['keep', 'revoke']),
    )
    .option('--json', 'print the file as a text in JSON, with what it cannot say');
  policy.addCommand(
    addConnectionOptions(exporting).action((options: ExportOptions) =>
      exportFile(context, options),
    ),
  );
  policy.addCommand(
    new Command('check')
      .argument('<file>', 'policy file, YAML; - is standard input')
      .description('check a file without a domain: form, words, filters')
      .option('--json', 'print what it is about as JSON')
      .action((path: string, options: { readonly json?: true }) => check(context, path, options)),
  );
  return policy.addCommand(
    new Command('schema')
      .description('print the JSON Schema of the file, for editors')
      .action(() => printJson(context, POLICY_SCHEMA)),
  );
}

const EXAMPLES = `
Examples:
  $ doublehop policy export > policy.yaml
  $ doublehop policy check policy.yaml
  $ doublehop policy schema > policy.schema.json`;

async function exportFile(context: Context, options: ExportOptions): Promise<void> {
  await withConnections(context, options, async ({ targets: connection }) => {
    const { searchBase: base, mode, others } = options;
    const exported = await exportPolicy(connection, { base, mode, others });
    if (options.json === true) {
      printJson(context, { domain: connection.domain.dnsName, ...exported });
      return;
    }
    context.out(exported.text);
    for (const note of exported.notes) context.err(`note: ${printable(note)}\n`);
    const { rules, accounts } = exported;
    context.err(`${count(rules, 'rule')} for ${count(accounts, 'account')}\n`);
  });
}

async function check(
  context: Context,
  path: string,
  { json }: { readonly json?: true },
): Promise<void> {
  const { name, policy } = await readPolicyFile(context, path);
  const { domain, rules, kcd, flags } = policy;
  const sums = { rules: rules.length, kcd: kcd.length, flags: flags.length };
  if (json === true) {
    printJson(context, { file: name, domain: domain.value, ...sums });
    return;
  }
  const total = rules.length + kcd.length + flags.length;
  context.out(`${printable(`${name}: ${count(total, 'rule')} for ${domain.value}`)}\n`);
}

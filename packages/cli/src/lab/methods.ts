import { METHODS } from '@doublehop/lab/methods/methods';
import {
  type HopOutcome,
  type MethodOutcome,
  runMethods,
} from '@doublehop/lab/methods/run-methods';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printJson } from '../output/json.ts';

interface MethodsOptions {
  readonly json?: true;
  readonly method?: readonly string[];
}

/** `doublehop lab methods`: every way to make the second hop, tried. */
export function methodsCommand(context: Context): Command {
  return new Command('methods')
    .description(
      'Try every way to make the second hop, on a domain of its own that is gone afterwards: ' +
        'what alice, on ServerB by PowerShell remoting, reaches on ServerC, and why not.',
    )
    .option('--method <id...>', `only these: ${METHODS.map(({ id }) => id).join(', ')}`)
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async ({ json, method }: MethodsOptions) => {
      const unknown = method?.find((one) => METHODS.every(({ id }) => id !== one));
      if (unknown !== undefined) {
        const ids = METHODS.map(({ id }) => id).join(', ');
        throw new UsageError(`--method: there is no method "${unknown}"; there are ${ids}`);
      }
      const outcomes = await runMethods({
        clock: context.clock,
        ...(method !== undefined && { only: method }),
        ...(json !== true && { onMethod: (outcome) => context.out(methodText(outcome)) }),
      });
      if (json === true) printJson(context, { methods: outcomes });
    });
}

const EXAMPLES = `
For each method: it is configured, alice hops over SMB (Test-Path \\\\ServerC\\C$), by -ComputerName
(Get-Process) and by WinRM (Invoke-Command), and it is undone. docs/methods.md says what to expect.

Examples:
  $ doublehop lab methods
  $ doublehop lab methods --method rbcd kcd --json`;

const LABELS: Readonly<Record<HopOutcome['kind'], string>> = {
  smb: 'SMB',
  'computer-name': '-ComputerName',
  winrm: 'WinRM',
};

function methodText({ name, held, kept, hops }: MethodOutcome): string {
  const lines = hops.map(({ kind, allowed, saw, kdc }) => {
    const label = LABELS[kind].padEnd(14);
    const outcome = allowed ? 'allowed' : 'REFUSED';
    const asked = allowed && kdc !== '' ? `  (KDC: ${kdc})` : '';
    return `  ${label}${outcome}  ${allowed ? saw : kdc}${asked}`;
  });
  return [name, `  on ServerB    ${held}; kept afterwards: ${kept}`, ...lines, '', ''].join('\n');
}

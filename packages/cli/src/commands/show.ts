import { type GrantReport, showGrants } from '@doublehop/admin/show';
import { splitIdentities } from '@doublehop/admin/identity';
import { formatAccessRule } from '@doublehop/delegation/describe-ace';
import { toBase64, toHex } from '@doublehop/wire/bytes';
import { Command } from 'commander';
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
import type { Context } from '../context.ts';
import { printJson } from '../output/json.ts';
import { printable, renderTable } from '../output/table.ts';

interface ShowOptions extends ConnectionOptions, Omit<TargetOptions, 'target'> {
  readonly raw?: true;
  readonly json?: true;
}

/** `doublehop show`: reads a target's list and says everything that there is to say about it. */
export function command(context: Context): Command {
  const show = new Command('show')
    .description('Show who may act for users to a target, and what is odd about it.')
    .argument('[target...]', 'targets, in any form of name')
    .option('--raw', 'the bytes of the attribute too, as hexadecimal and base64')
    .option('--json', 'print everything as JSON');
  addTargetOptions(show, true);
  return addConnectionOptions(show)
    .addHelpText('after', EXAMPLES)
    .action(async (names: readonly string[], options: ShowOptions) => {
      const target = names.flatMap(splitIdentities);
      requireTargets({ ...options, target }, 'a name');
      await withConnections(context, options, async ({ targets: connection }) => {
        const accounts = await selectTargets(context, connection, { ...options, target }, 'target');
        const reports: GrantReport[] = [];
        for (const account of accounts) reports.push(await showGrants(connection, account));
        if (options.json === true) {
          printJson(context, { domain: connection.domain.dnsName, targets: reports.map(toJson) });
        } else if (target.length === 0) {
          context.out(summaryOf(reports));
        } else {
          context.out(reports.map((report) => textOf(report, options.raw === true)).join('\n'));
        }
      });
    });
}

const EXAMPLES = `
Examples:
  $ doublehop show ServerC
  $ doublehop show --search-base 'OU=Servers,OU=NA,DC=contoso,DC=com'
  $ doublehop show ServerC --json`;

/** One target with everything. */
function textOf(report: GrantReport, raw: boolean): string {
  const { target, state, principals, rules, sddl, lints } = report;
  const lines = [`${target.name}  ${target.dn}`, ''];
  if (state === 'absent') lines.push(`Nobody may act for users to ${target.name}.`);
  if (state === 'unparsable') lines.push(`The list of ${target.name} cannot be read.`);
  if (state === 'read') {
    lines.push('PrincipalsAllowedToDelegateToAccount:');
    for (const { display, dn, conditional } of principals) {
      const condition = conditional ? ' (while its condition is true)' : '';
      lines.push(`  ${display}${dn === undefined ? '' : `  ${dn}`}${condition}`);
    }
    if (principals.length === 0) lines.push('  nobody');
    lines.push('', 'msDS-AllowedToActOnBehalfOfOtherIdentity, Access:');
    for (const rule of rules) lines.push('', ...formatAccessRule(rule).map((line) => `  ${line}`));
    lines.push('', `SDDL: ${sddl ?? 'none: an entry is of a kind that SDDL cannot say'}`);
  }
  if (raw && report.raw !== undefined) lines.push(...rawLines(report.raw));
  if (lints.length > 0) lines.push('');
  for (const { severity, sentence } of lints) lines.push(`${severity}: ${sentence}`);
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function rawLines(bytes: Uint8Array): readonly string[] {
  const lines = ['', `Raw: ${bytes.length} bytes`];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = toHex(bytes.subarray(at, at + ROW)).replace(/..(?!$)/g, '$& ');
    lines.push(`  ${at.toString(16).padStart(4, '0')}  ${row}`);
  }
  return [...lines, `Base64: ${toBase64(bytes)}`];
}

const ROW = 16;

/** Many targets, one line each. */
function summaryOf(reports: readonly GrantReport[]): string {
  const rows = reports.map(({ target, principals, lints, state }) => {
    const who = principals.map(({ name }) => name).join(', ');
    const odd = lints.map(({ id }) => id).join(', ');
    return [target.name, state === 'unparsable' ? '?' : who || '-', odd || '-'];
  });
  return renderTable(['TARGET', 'MAY ACT FOR USERS', 'ODD'], rows);
}

function toJson(report: GrantReport): unknown {
  const { target, state, principals, rules, sddl, raw, lints } = report;
  return {
    target: accountJson(target),
    state,
    principals: principals.map(({ sid, display, name, dn, conditional, known }) => ({
      sid,
      name,
      display,
      dn: dn ?? null,
      conditional,
      known,
    })),
    access: rules,
    sddl: sddl ?? null,
    raw: raw ?? null,
    lint: lints.map(({ id, severity, index, sentence }) => ({
      id,
      severity,
      entry: index === undefined ? null : index + 1,
      sentence,
    })),
  };
}

import { existsSync } from 'node:fs';
import { Accounts } from '@doublehop/directory/accounts';
import type { Directory } from '@doublehop/directory/directory';
import {
  accountsWithKeys,
  keysJson,
  keytabEntries,
  WINDOWS_KEY_TYPES,
} from '@doublehop/domain-controller/export-keys';
import { writeKeytab } from '@doublehop/kerberos/keytab-file';
import { replaceFile } from '@doublehop/lab/folder/files';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { withDirectory } from './offline.ts';

interface ExportOptions {
  readonly keytab?: string;
  readonly json?: string;
  readonly account?: readonly string[];
  readonly allTypes?: true;
  readonly force?: true;
}

/** `doublehop dc export-keys`: the keys of accounts, for test programs and packet captures. */
export function exportKeysCommand(context: Context): Command {
  return new Command('export-keys')
    .description(
      'Write the keys of a domain, or of some of its accounts, into a file of mode 0600: for ' +
        'test programs, and for Wireshark to decrypt captures. Whoever has the file is the domain.',
    )
    .argument('<folder>', 'the folder that was given to dc as --dir')
    .option('--keytab <file>', 'write a keytab, with keys of earlier passwords too')
    .option('--json <file>', 'write JSON: account, encryption type, key in hexadecimal')
    .option('--account <name...>', 'these accounts alone')
    .option('--all-types', 'JSON: AES with SHA-2 too (types 19, 20), which Active Directory lacks')
    .option('--force', 'replace files that are there')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, options: ExportOptions) => {
      await run(context, folder, options);
    });
}

const EXAMPLES = `
Examples:
  $ doublehop dc export-keys ./corp --keytab corp.keytab
  $ doublehop dc export-keys ./corp --json keys.json --account krbtgt 'DC$'`;

async function run(context: Context, folder: string, options: ExportOptions): Promise<void> {
  const { keytab, json, account: names, allTypes, force } = options;
  const files = [keytab, json].filter((file) => file !== undefined);
  if (files.length === 0) throw new UsageError('where to? Give --keytab or --json');
  const taken = files.find((file) => force !== true && existsSync(file));
  if (taken !== undefined) throw new UsageError(`${taken} exists; --force replaces it`);
  const write = async (directory: Directory): Promise<void> => {
    const realm = directory.domain?.realm ?? '';
    const found = [...accountsWithKeys(directory, new Accounts(directory), names)];
    if (keytab !== undefined) {
      const now = Math.floor(context.clock() / 1000);
      await writeKeytab(keytab, [...keytabEntries(found, realm, now)]);
    }
    if (json !== undefined) {
      const keys = keysJson(found, allTypes === true ? 'all' : WINDOWS_KEY_TYPES);
      await replaceFile(json, `${JSON.stringify(keys, undefined, 2)}\n`);
    }
    context.out(`Keys of ${found.length} accounts written to ${files.join(' and ')}\n`);
  };
  await withDirectory(context, folder, write, { readOnly: true });
}

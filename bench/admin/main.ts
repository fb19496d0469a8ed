// npm run bench:admin: what an administrator's work costs, beside other tools in the same run.
// One JSON line a case on standard output; progress on standard error.
import { parseArgs } from 'node:util';
import { withTempDir } from '../../test/support/temp.ts';
import { measureAudits } from './audit.ts';
import { measureWrites } from './write.ts';

const HELP = `npm run bench:admin -- [options]

  --cases write,audit  what to measure
  --computers 10000    computers of the domain that is written to
  --sequential 1000    writes of python-ldap3 in a round, one after the other
  --rounds 3           rounds in which the tools take turns
  --audited 10000,100000  computers of the domains that are audited

write: grants a second by a sweep, all of it in the journal, and its undo; the loop of ldap3 writes
the same attribute without reading it before and without a journal.
audit: milliseconds of a whole audit, of ldapsearch reading the same attributes, and of impacket's
findDelegation, which stops at 999 accounts; peak memory, and its growth an account.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    cases: { type: 'string', default: 'write,audit' },
    computers: { type: 'string', default: '10000' },
    sequential: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    audited: { type: 'string', default: '10000,100000' },
  },
});

if (values.help) process.stdout.write(`${HELP}\n`);
else await withTempDir(measure);

async function measure(dir: string): Promise<void> {
  const wanted = values.cases.split(',');
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  if (wanted.includes('write')) {
    print(
      await measureWrites(dir, {
        computers: Number(values.computers),
        sequential: Number(values.sequential),
        rounds: Number(values.rounds),
        progress,
      }),
    );
  }
  if (wanted.includes('audit')) {
    for await (const line of measureAudits(values.audited.split(',').map(Number))) print(line);
  }
}

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

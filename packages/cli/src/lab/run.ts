import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { labPurge } from '@doublehop/lab/control/client';
import { labDown } from '@doublehop/lab/down';
import { LabError } from '@doublehop/lab/errors';
import { labPaths } from '@doublehop/lab/folder/paths';
import { needState } from '@doublehop/lab/folder/state';
import { CONTOSO } from '@doublehop/lab/scenario';
import { playStory } from '@doublehop/lab/story/story';
import { type Told, toldJson, toldLines } from '@doublehop/lab/story/told';
import { labUp } from '@doublehop/lab/up';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printable } from '../output/table.ts';
import { labCommand, labFolder, type LabOptions } from './folder.ts';
import { purgedText } from './host-klist.ts';

/** Options of `lab run`. */
export interface RunOptions extends LabOptions {
  readonly once?: true;
}

/** Plays the story: in a lab that stays up, or with `--once` in one of its own that goes again. */
export async function runStory(context: Context, options: RunOptions): Promise<void> {
  const temporary = options.once === true && options.dir === undefined;
  const dir = temporary
    ? await mkdtemp(join(context.environment.temp, 'doublehop-'))
    : labFolder(context, options);
  let asTold = false;
  try {
    asTold = await untilInterrupted(play(context, options, dir));
  } finally {
    if (options.once === true) await endLab(dir);
    if (temporary) await rm(dir, { recursive: true, force: true });
  }
  if (!asTold) context.exitCode = EXIT.error;
  if (options.json === true) return;
  context.out(asTold ? '\nEvery step behaved as told.\n' : '\nNot every step behaved as told.\n');
  if (options.once !== true) context.out(goOn(options));
}

/** Ctrl-C ends the story, but not before its lab is gone. */
async function untilInterrupted<T>(work: Promise<T>): Promise<T> {
  const stop = Promise.withResolvers<never>();
  const interrupted = (): void => stop.reject(new UsageError('interrupted'));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await Promise.race([work, stop.promise]);
  } finally {
    process.removeListener('SIGINT', interrupted).removeListener('SIGTERM', interrupted);
  }
}

/** A lab that could not start has nothing to end; why it could not is told already. */
async function endLab(dir: string): Promise<void> {
  try {
    await labDown(dir);
  } catch (error) {
    if (!(error instanceof LabError && error.code === 'no-lab')) throw error;
  }
}

async function play(context: Context, options: RunOptions, dir: string): Promise<boolean> {
  const { clock, random } = context;
  const json = options.json === true;
  const { took, already } = await labUp({ dir, command: labCommand(), clock, random });
  if (!json) {
    const how = already ? 'is up already' : `answers after ${took} ms`;
    context.out(`The domain ${CONTOSO.dnsName.toUpperCase()} ${how}: KDC, LDAP, and its hosts.\n`);
  }
  const paths = labPaths(dir);
  const stage = { scenario: CONTOSO, paths, state: await needState(paths), clock, random };
  let number = 0;
  const tell = (step: Told): void => {
    number += 1;
    if (json) context.out(`${toldJson(step, number)}\n`);
    else for (const line of ['', ...toldLines(step, number)]) context.out(`${printable(line)}\n`);
  };
  const purge = async (host: string): Promise<string> => purgedText(await labPurge(dir, host));
  return await playStory({ stage, purge, tell });
}

/** How to use the domain that stays. */
function goOn({ dir }: LabOptions): string {
  const folder = dir === undefined ? '' : ` --dir '${dir.replaceAll("'", String.raw`'\''`)}'`;
  return `
The domain stays up. From another shell:
  eval "$(npx doublehop lab env${folder})"
  npx doublehop kinit alice          # the passwords are in $DOUBLEHOP_LAB/passwords.json
  npx doublehop kvno HTTP/serverb.contoso.com
  npx doublehop grant --middle ServerB --target ServerC --user Administrator
  npx doublehop lab down${folder}
`;
}

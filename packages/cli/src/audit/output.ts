import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { BloodHoundFiles } from '@doublehop/admin/audit/bloodhound';
import type { Changes } from '@doublehop/admin/audit/compare';
import { reportCsv } from '@doublehop/admin/audit/csv';
import { reportHtml } from '@doublehop/admin/audit/html';
import type { AuditReport } from '@doublehop/admin/audit/model';
import { reportJson } from '@doublehop/admin/audit/report-json';
import type { Context } from '../context.ts';
import { auditText } from './text.ts';

/** Forms of an audit's output. */
export const FORMATS = ['table', 'json', 'csv', 'html', 'bloodhound'] as const;

export type Format = (typeof FORMATS)[number];

/** What an output is made of. */
export interface Shown {
  readonly report: AuditReport;
  readonly changes: Changes | undefined;
  readonly details: boolean;
}

/** The pieces of an output, for a file or the standard output. */
export function outputOf(
  format: Exclude<Format, 'bloodhound'>,
  { report, changes, details }: Shown,
  width: number,
): Iterable<string> {
  switch (format) {
    case 'json':
      return [`${JSON.stringify(reportJson(report, changes), undefined, 2)}\n`];
    case 'csv':
      return reportCsv(report, changes);
    case 'html':
      return reportHtml(report, changes);
    case 'table':
      return auditText(report, { width, details, changes });
  }
}

/** Writes pieces to a file that only its owner may read, or to the standard output. */
export async function write(
  context: Context,
  pieces: Iterable<string>,
  path: string | undefined,
): Promise<void> {
  if (path === undefined) {
    for (const piece of buffered(pieces)) context.out(piece);
    return;
  }
  const file = await open(path, 'w', OWNER_ONLY);
  try {
    for (const piece of buffered(pieces)) await file.write(piece);
  } finally {
    await file.close();
  }
}

/** An audit tells where a domain is weak. */
const OWNER_ONLY = 0o600;

/** Writes the files that BloodHound takes in into a folder; returns their names. */
export async function writeBloodHound(
  context: Context,
  files: BloodHoundFiles,
  folder: string,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names: string[] = [];
  for (const [type, content] of Object.entries(files)) {
    const path = join(folder, `doublehop_${type}.json`);
    await write(context, [`${JSON.stringify(content)}\n`], path);
    names.push(path);
  }
  return names;
}

const PIECE = 65_536;

function* buffered(pieces: Iterable<string>): Generator<string> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

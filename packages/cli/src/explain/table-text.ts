import type { TableRow } from '@doublehop/admin/explain/table';
import { renderTable } from '../output/table.ts';

/** Many hops, one line each. */
export function tableText(rows: readonly TableRow[]): string {
  const lines = rows.map(({ facts, prediction }) => {
    const { refusal, outcome, mode } = prediction;
    const why = outcome === 'allowed' ? (mode ?? '') : (refusal?.reason ?? unreadOf(prediction));
    return [facts.middle.hop.account.name, facts.target.spn, outcome, why];
  });
  return renderTable(['MIDDLE', 'TARGET', 'ANSWER', 'BY'], lines);
}

function unreadOf({ unread }: TableRow['prediction']): string {
  return unread
    .filter(({ decides }) => decides)
    .map(({ id }) => id)
    .join(', ');
}

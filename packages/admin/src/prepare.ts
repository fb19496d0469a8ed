import type { Account, Principal } from './account.ts';
import type { DomainConnection } from './connection.ts';
import { checkMiddles } from './middles.ts';
import { type Edit, type Plan, planEdits } from './plan.ts';

/**
 * Plans an edit of targets that were read, with the names of those who lose their grant: in a
 * descriptor they are SIDs. Throws AdminError `usage` and `not-found` for middles that are nobody;
 * a grant of such can still be taken away.
 */
export async function prepareEdits(
  { names, domain }: DomainConnection,
  targets: Iterable<Account>,
  edit: Edit,
): Promise<Plan> {
  if (edit.kind === 'grant' || edit.kind === 'set') checkMiddles(domain, edit.middles);
  const plan = planEdits(targets, edit);
  await names.lookUp(plan.changes.flatMap(({ removed }) => removed.map(({ sid }) => sid)));
  const named = (principal: Principal): Principal => {
    if (principal.name !== principal.sid) return principal;
    const { sid, name, dn, kind } = names.named(principal.sid);
    return { sid, name, dn, kind };
  };
  return {
    ...plan,
    changes: plan.changes.map((change) => ({ ...change, removed: change.removed.map(named) })),
  };
}

import type { SearchResults } from '@doublehop/ldap/server/handler';
import type { LdapContext } from './context.ts';

/**
 * Results of a search that shows what is noted of logons, badPwdCount and the like, up to now:
 * whoever was refused a password a moment ago finds it counted.
 */
export function settled(
  { settings: { lockouts } }: Pick<LdapContext, 'settings'>,
  search: () => SearchResults,
): SearchResults {
  if (lockouts?.isPending !== true) return search();
  let results: SearchResults | undefined;
  return {
    async next() {
      if (results === undefined) {
        await lockouts.settle();
        results = search();
      }
      return await results.next();
    },
    async return() {
      await results?.return?.();
      return { done: true as const, value: undefined };
    },
  };
}

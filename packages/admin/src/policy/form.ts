/**
 * What the loader and the JSON Schema of a policy file have in common: keys, patterns and lengths.
 */
export const POLICY_VERSION = 1;

/** Longest name of a rule, in code points: it stands in every line of a plan. */
export const RULE_NAME_LENGTH = 200;

/** Longest name, DN, SPN or filter, in code points. */
export const TEXT_LENGTH = 2_048;

/** One line with something on it. */
export const TEXT_PATTERN =
  '^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f][^\\u0000-\\u001f\\u007f]*$';

export const TOP_KEYS = [
  'version',
  'domain',
  'unmatched',
  'others',
  'rules',
  'kcd',
  'flags',
] as const;
export const GRANT_KEYS = ['name', 'targets', 'mode', 'middles', 'forbid'] as const;
export const KCD_KEYS = ['name', 'middles', 'mode', 'services', 'forbid'] as const;
export const FLAG_KEYS = [
  'name',
  'accounts',
  'sensitive',
  'protocolTransition',
  'unconstrained',
] as const;
export const SELECTION_KEYS = ['names', 'groups', 'search', 'except'] as const;
export const EXCEPT_KEYS = ['names', 'groups', 'search'] as const;
export const SEARCH_KEYS = ['base', 'scope', 'filter', 'kinds'] as const;

export const UNMATCHED_WORDS = ['error', 'warning', 'ignore'] as const;
export const OTHERS_WORDS = ['keep', 'revoke'] as const;
export const MODE_WORDS = ['include', 'exact'] as const;
export const SCOPE_WORDS = ['base', 'one', 'subtree'] as const;
export const KIND_WORDS = ['computer', 'user', 'service-account'] as const;

import {
  EXCEPT_KEYS,
  KIND_WORDS,
  MODE_WORDS,
  OTHERS_WORDS,
  POLICY_VERSION,
  RULE_NAME_LENGTH,
  SCOPE_WORDS,
  TEXT_LENGTH,
  TEXT_PATTERN,
  UNMATCHED_WORDS,
} from './form.ts';

const text = { $ref: '#/$defs/text' };
const texts = (description: string, minItems = 1): unknown => ({
  description,
  type: 'array',
  minItems,
  items: text,
});
const choice = (description: string, words: readonly string[], fallback: string): unknown => ({
  description,
  enum: words,
  default: fallback,
});
const selection = (description: string): unknown => ({ description, $ref: '#/$defs/selection' });

const name = {
  description: 'Unique in the file; plans, reports and errors name it.',
  type: 'string',
  minLength: 1,
  maxLength: RULE_NAME_LENGTH,
  pattern: TEXT_PATTERN,
};

/** What `mode` asks of the list that it is about. */
function modes(key: 'middles' | 'services'): unknown {
  return {
    if: { properties: { mode: { const: 'exact' } }, required: ['mode'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { required: [key] },
    else: {
      anyOf: [{ required: [key] }, { required: ['forbid'] }],
      properties: { [key]: { minItems: 1 } },
    },
  };
}

const selectionParts = {
  names: texts('Accounts, each in any form of name.'),
  groups: texts('Groups whose members are meant, also those of groups in them.'),
  search: {
    description: 'Searches of the directory.',
    type: 'array',
    minItems: 1,
    items: { $ref: '#/$defs/search' },
  },
};

const chooses = { anyOf: EXCEPT_KEYS.map((key) => ({ required: [key] })) };

const namesAlone = { type: 'array', minItems: 1, items: text };

/** The JSON Schema (draft 2020-12) of a policy file. `docs/policy.schema.json` is a copy. */
export const POLICY_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'doublehop policy',
  description: 'Who may act for users to whom in an Active Directory domain.',
  type: 'object',
  required: ['version', 'domain'],
  anyOf: [{ required: ['rules'] }, { required: ['kcd'] }, { required: ['flags'] }],
  additionalProperties: false,
  properties: {
    version: { description: 'The version of this format.', const: POLICY_VERSION },
    domain: { description: 'DNS or NetBIOS name of the domain.', ...text },
    unmatched: choice(
      'What it is that a name, a group or a search finds no account.',
      UNMATCHED_WORDS,
      'error',
    ),
    others: choice(
      'What becomes of grants on accounts that are the target of no rule.',
      OTHERS_WORDS,
      'keep',
    ),
    rules: {
      description: 'Resource-based constrained delegation: who may act for users to the targets.',
      type: 'array',
      items: { $ref: '#/$defs/grantRule' },
    },
    kcd: {
      description: 'Classic constrained delegation: to which services the middles may act.',
      type: 'array',
      items: { $ref: '#/$defs/kcdRule' },
    },
    flags: {
      description: 'Flags of accounts that decide about delegation.',
      type: 'array',
      items: { $ref: '#/$defs/flagRule' },
    },
  },
  $defs: {
    text: { type: 'string', minLength: 1, maxLength: TEXT_LENGTH, pattern: TEXT_PATTERN },
    grantRule: {
      type: 'object',
      required: ['name', 'targets'],
      additionalProperties: false,
      properties: {
        name,
        targets: selection('On whom the list of middles is kept.'),
        mode: choice('At least these middles, or nobody else.', MODE_WORDS, 'include'),
        middles: texts('Who may act for users: accounts, groups, DOMAIN\\name, SIDs.', 0),
        forbid: texts('Who must not.'),
      },
      ...Object(modes('middles')),
    },
    kcdRule: {
      type: 'object',
      required: ['name', 'middles'],
      additionalProperties: false,
      properties: {
        name,
        middles: selection('On whom the list of services is kept.'),
        mode: choice('At least these services, or no other.', MODE_WORDS, 'include'),
        services: texts('Service principal names: cifs/fs1.contoso.com.', 0),
        forbid: texts('Services that must not be in the list.'),
      },
      ...Object(modes('services')),
    },
    flagRule: {
      type: 'object',
      required: ['name', 'accounts'],
      anyOf: [
        { required: ['sensitive'] },
        { required: ['protocolTransition'] },
        { required: ['unconstrained'] },
      ],
      additionalProperties: false,
      properties: {
        name,
        accounts: selection('Whose flags are meant.'),
        sensitive: {
          description: 'Account is sensitive and cannot be delegated (NOT_DELEGATED).',
          type: 'boolean',
        },
        protocolTransition: {
          description: 'Use any authentication protocol (TRUSTED_TO_AUTH_FOR_DELEGATION).',
          type: 'boolean',
        },
        unconstrained: {
          description: 'Trusted for delegation to any service (TRUSTED_FOR_DELEGATION).',
          type: 'boolean',
        },
      },
    },
    selection: {
      description: 'A list of names; or names, members of groups and what searches find.',
      oneOf: [
        namesAlone,
        {
          type: 'object',
          additionalProperties: false,
          properties: { ...selectionParts, except: { $ref: '#/$defs/except' } },
          ...chooses,
        },
      ],
    },
    except: {
      description: 'Accounts that are left out.',
      oneOf: [
        namesAlone,
        { type: 'object', additionalProperties: false, properties: selectionParts, ...chooses },
      ],
    },
    search: {
      type: 'object',
      anyOf: [{ required: ['base'] }, { required: ['filter'] }],
      additionalProperties: false,
      properties: {
        base: { description: 'DN of the folder; default: the whole domain.', ...text },
        scope: choice('How deep.', SCOPE_WORDS, 'subtree'),
        filter: { description: 'LDAP filter (RFC 4515): (cn=Web*).', ...text },
        kinds: {
          description: 'Kinds of accounts; default: computers.',
          type: 'array',
          minItems: 1,
          items: { enum: KIND_WORDS },
        },
      },
    },
  },
} as const;

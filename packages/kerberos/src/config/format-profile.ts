import { KerberosError } from '../errors.ts';

/** Sections, subsections and relations, in the order they are written. */
export interface ProfileTree {
  readonly [name: string]: string | readonly string[] | ProfileTree;
}

/**
 * The text of a krb5.conf: top-level names are sections. `parseProfile` of it gives the same
 * relations.
 *
 * Throws KerberosError `config` for names that the syntax cannot hold and for NUL.
 */
export function formatProfile(tree: ProfileTree): string {
  const sections = Object.entries(tree).map(([name, content]) => {
    if (!isTree(content)) throw unwritable(name, 'must be a section');
    if (/[\]\n\r\0]/.test(name)) throw unwritable(name, 'is no section name');
    return `[${name}]\n${formatContent(content, '    ')}`;
  });
  return sections.join('\n');
}

function formatContent(tree: ProfileTree, indent: string): string {
  let text = '';
  for (const [name, content] of Object.entries(tree)) {
    if (!/^[^\s=*[}#;\0][^\s=*\0]*$/.test(name)) throw unwritable(name, 'is no relation name');
    if (isTree(content)) {
      text += `${indent}${name} = {\n${formatContent(content, `${indent}    `)}${indent}}\n`;
    } else {
      const values = typeof content === 'string' ? [content] : content;
      for (const value of values) text += `${indent}${name} = ${formatValue(value)}\n`;
    }
  }
  return text;
}

function isTree(content: ProfileTree[string]): content is ProfileTree {
  return typeof content === 'object' && !Array.isArray(content);
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\b': '\\b' };

function formatValue(value: string): string {
  if (value.includes('\0')) throw unwritable('a value', 'contains NUL');
  const plain = value !== '' && value.trim() === value && !/^["{]|[\n\t\b\r]/.test(value);
  if (plain) return value;
  return `"${value.replace(/["\\]/g, '\\$&').replace(/[\n\t\b]/g, (c) => ESCAPES[c] ?? c)}"`;
}

function unwritable(name: string, reason: string): KerberosError {
  return new KerberosError('config', `"${name}" ${reason}`, { subject: name });
}

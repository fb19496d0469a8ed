import type { CommandCall } from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import {
  PsDictionary,
  PsObject,
  type PsValue,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { MAX_TRANSCRIPT_ARGUMENT } from '../limits.ts';

/**
 * A command as a transcript shows it. Of a secret there is only its type: of a SecureString or
 * PSCredential wherever it is, and of the value of a parameter that is named like one.
 */
export function commandLine({ name, isScript, args }: CommandCall): string {
  const isPlain = /^ConvertTo-SecureString$/iu.test(name);
  let nameBefore: string | undefined;
  const words = args.map((argument) => {
    const { value } = argument;
    const parameter = argument.name ?? nameBefore;
    nameBefore = value === undefined ? argument.name : undefined;
    const dash = argument.name === undefined ? '' : `-${argument.name}`;
    if (value === undefined) return dash;
    const isSecret = isPlain || (parameter !== undefined && isSecretName(parameter));
    const text = isSecret ? typeOf(value) : shown(value);
    return dash === '' ? text : `${dash} ${text}`;
  });
  return [isScript ? withoutSecrets(name) : name, ...words].join(' ');
}

/** Literals in a script's text that are given as passwords. */
function withoutSecrets(script: string): string {
  const literal = String.raw`(?:'[^']*(?:''[^']*)*'|"[^"]*"|[^\s'"$()|;]+)`;
  const named = new RegExp(
    String.raw`(-\w*(?:password|passwd|secret|pin)\w*(?:\s+|:\s*))${literal}`,
    'giu',
  );
  const quoted = String.raw`(?:'[^']*(?:''[^']*)*'|"[^"]*")`;
  const rest = script.replaceAll(named, '$1System.String');
  if (!/ConvertTo-SecureString/iu.test(rest)) return rest;
  // Such a text may come from anywhere in the script: none of its literals is shown.
  return rest.replaceAll(new RegExp(quoted, 'gu'), 'System.String');
}

function isSecretName(name: string): boolean {
  return /password|passwd|secret|credential|^pin$/iu.test(name);
}

function shown(value: PsValue): string {
  if (hasSecret(value, 0)) return typeOf(value);
  if (typeof value === 'boolean' || value === null) return `$${value ?? 'null'}`;
  const text = toText(value);
  const short =
    text.length > MAX_TRANSCRIPT_ARGUMENT ? `${text.slice(0, MAX_TRANSCRIPT_ARGUMENT)}…` : text;
  return typeof value === 'string' && !/^[\w.:\\/*-]+$/u.test(short)
    ? `'${short.replaceAll("'", "''")}'`
    : short;
}

/** Deep values count as secret: nobody looks for ever. */
function hasSecret(value: PsValue, depth: number): boolean {
  if (value instanceof SecureText || depth > 8) return true;
  if (Array.isArray(value)) return value.some((one: PsValue) => hasSecret(one, depth + 1));
  if (value instanceof PsDictionary) {
    return [...value.entries()].some(([, one]) => hasSecret(one, depth + 1));
  }
  if (!(value instanceof PsObject)) return false;
  return [...value.properties()].some((one) => hasSecret(one.value, depth + 1));
}

function typeOf(value: PsValue): string {
  if (value instanceof SecureText) return value.toString();
  if (value instanceof PsObject) return value.typeNames[0] ?? 'System.Object';
  return typeof value === 'string' ? 'System.String' : 'System.Object';
}

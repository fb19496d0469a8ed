import { KerberosError } from '../errors.ts';
import {
  MAX_CONFIG_DEPTH,
  MAX_CONFIG_FILE,
  MAX_CONFIG_LINE,
  MAX_INCLUDE_DEPTH,
  MAX_INCLUDES,
} from '../limits.ts';

/** A section of a krb5.conf: relations and subsections may share a name. */
export interface ProfileSection {
  /** Values in file order. */
  readonly relations: ReadonlyMap<string, readonly string[]>;
  readonly sections: ReadonlyMap<string, ProfileSection>;
  /** Marked `*`: what later files say about this section does not count. */
  readonly final: boolean;
  /** Relations marked `*`. */
  readonly finalRelations: ReadonlySet<string>;
}

/** Configuration from one or more files, the first one strongest. */
export interface Profile {
  readonly files: readonly ProfileSection[];
}

/** Access to the files that a configuration includes; undefined where one cannot be read. */
export interface ConfigReader {
  read(path: string): string | undefined;
  /** Names, without folder, of the files in a folder. */
  list(folder: string): readonly string[] | undefined;
}

/** Where a text comes from, and what it may include. */
export interface ProfileOptions {
  /** Names the text in errors. */
  readonly name?: string | undefined;
  /** Absent: `include` and `includedir` are errors. */
  readonly reader?: ConfigReader | undefined;
}

/**
 * Reads a text in the syntax of MIT's krb5.conf (util/profile/prof_parse.c): what stands before
 * the first section is a comment, sections of the same name are one, and so are subsections; after
 * a `*` the same name is not added to.
 *
 * Throws KerberosError `config` with the file and line.
 */
export function parseProfile(text: string, options: ProfileOptions = {}): Profile {
  const root = newSection();
  const source: Source = {
    name: options.name ?? 'krb5.conf',
    reader: options.reader,
    depth: 0,
    count: { included: 0 },
  };
  parseInto(root, text, source);
  return { files: [root] };
}

/** All values of a relation, e.g. `profileValues(profile, 'realms', 'CONTOSO.COM', 'kdc')`. */
export function profileValues(profile: Profile, ...path: readonly string[]): string[] {
  const name = path.at(-1);
  if (name === undefined) return [];
  const values: string[] = [];
  for (const { section, final } of sectionsAt(profile, path.slice(0, -1))) {
    values.push(...(section.relations.get(name) ?? []));
    if (final || section.finalRelations.has(name)) break;
  }
  return values;
}

/** The first value of a relation. */
export function profileValue(profile: Profile, ...path: readonly string[]): string | undefined {
  return profileValues(profile, ...path)[0];
}

/** The names of the subsections of a section. */
export function profileSubsections(profile: Profile, ...path: readonly string[]): string[] {
  const names = sectionsAt(profile, path).flatMap(({ section }) => [...section.sections.keys()]);
  return [...new Set(names)];
}

/** The names of the relations of a section. */
export function profileRelations(profile: Profile, ...path: readonly string[]): string[] {
  const names = sectionsAt(profile, path).flatMap(({ section }) => [...section.relations.keys()]);
  return [...new Set(names)];
}

interface MutableSection extends ProfileSection {
  readonly relations: Map<string, string[]>;
  readonly sections: Map<string, MutableSection>;
  final: boolean;
  readonly finalRelations: Set<string>;
}

interface Source {
  readonly name: string;
  readonly reader: ConfigReader | undefined;
  readonly depth: number;
  readonly count: { included: number };
}

/** An open section; undefined where its content is discarded. */
type Open = MutableSection | undefined;

interface State {
  readonly root: MutableSection;
  /** The top-level section and the subsections open in it. */
  readonly open: Open[];
  started: boolean;
  /** A relation without a value was read: `{` must follow. */
  wantsBrace: boolean;
}

function newSection(): MutableSection {
  return { relations: new Map(), sections: new Map(), final: false, finalRelations: new Set() };
}

function sectionsAt(
  { files }: Profile,
  path: readonly string[],
): { section: ProfileSection; final: boolean }[] {
  const found: { section: ProfileSection; final: boolean }[] = [];
  for (const file of files) {
    let section: ProfileSection | undefined = file;
    let final = false;
    for (const name of path) {
      section = section?.sections.get(name);
      final ||= section?.final === true;
    }
    if (section !== undefined) found.push({ section, final });
    if (final) break;
  }
  return found;
}

function parseInto(root: MutableSection, text: string, source: Source): void {
  if (text.length > MAX_CONFIG_FILE) throw configError(source, 0, 'is too large');
  const state: State = { root, open: [], started: false, wantsBrace: false };
  const lines = text.split('\n');
  for (const [index, raw] of lines.entries()) {
    const fail = (reason: string) => configError(source, index + 1, reason);
    if (raw.length > MAX_CONFIG_LINE) throw fail('is too long');
    if (raw.includes('\0')) throw fail('contains NUL');
    parseLine(state, raw.replace(/\r+$/, ''), source, fail);
  }
}

type Fail = (reason: string) => KerberosError;

function parseLine(state: State, line: string, source: Source, fail: Fail): void {
  const [, directive, argument] = /^(include|includedir)[ \t\v\f](.*)$/s.exec(line) ?? [];
  if (directive !== undefined && argument !== undefined) {
    include(state.root, directive, argument.trim(), source, fail);
    return;
  }
  if (!state.started) {
    if (/^module\s/.test(line)) throw fail('loads a module, which is not supported');
    // Anything before the first section is a comment.
    if (!line.startsWith('[')) return;
    state.started = true;
  }
  const trimmed = line.trimStart();
  if (state.wantsBrace) {
    if (!trimmed.startsWith('{')) throw fail('should open a subsection with {');
    state.wantsBrace = false;
  } else if (trimmed !== '' && !/^[;#]/.test(trimmed)) {
    if (trimmed.startsWith('[')) openSection(state, trimmed, fail);
    else if (trimmed.startsWith('}')) closeSubsection(state, trimmed, fail);
    else relation(state, trimmed, fail);
  }
}

function openSection(state: State, line: string, fail: Fail): void {
  if (state.open.length > 1) throw fail('starts a section inside a subsection');
  const [, name, star] = /^\[([^\]]*)\](\*?)\s*$/.exec(line) ?? [];
  if (name === undefined) throw fail('is not [section]');
  const section = descend(state.root, name);
  state.open.length = 0;
  state.open.push(section);
  const known = state.root.sections.get(name);
  if (star === '*' && known !== undefined) known.final = true;
}

function closeSubsection(state: State, line: string, fail: Fail): void {
  if (state.open.length < 2) throw fail('closes a subsection that was not opened');
  const section = state.open.pop();
  if (line[1] === '*' && section !== undefined) section.final = true;
}

function relation(state: State, line: string, fail: Fail): void {
  const equals = line.indexOf('=');
  const tag = line.slice(0, Math.max(equals, 0)).trimEnd();
  if (tag === '' || /\s/.test(tag)) throw fail('is not "name = value"');
  const name = tag.split('*', 1)[0] ?? tag;
  const final = tag.includes('*');
  const value = line.slice(equals + 1).trim();
  const parent = state.open.at(-1);
  if (value !== '' && !/^\{\s*$/.test(value)) {
    if (parent !== undefined) {
      addRelation(parent, name, value.startsWith('"') ? unquoted(value) : value, final);
    }
    return;
  }
  if (state.open.length > MAX_CONFIG_DEPTH) throw fail('is nested too deeply');
  const section = parent === undefined ? undefined : descend(parent, name);
  state.open.push(section);
  if (final && section !== undefined) section.final = true;
  state.wantsBrace = value === '';
}

/** The subsection of a name, new or known; undefined where the known one is final. */
function descend(parent: MutableSection, name: string): Open {
  const known = parent.sections.get(name);
  if (known !== undefined) return known.final ? undefined : known;
  const section = newSection();
  parent.sections.set(name, section);
  return section;
}

function addRelation(section: MutableSection, name: string, value: string, final: boolean): void {
  if (section.finalRelations.has(name)) return;
  const values = section.relations.get(name);
  if (values === undefined) section.relations.set(name, [value]);
  else values.push(value);
  if (final) section.finalRelations.add(name);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b' };

/** The text between quotes; what follows the closing one is ignored, as MIT does. */
function unquoted(value: string): string {
  const body = /^"((?:[^"\\]|\\.|\\$)*)/s.exec(value)?.[1] ?? '';
  return body.replace(/\\(.)/gs, (_, char: string) => ESCAPES[char] ?? char);
}

function include(
  root: MutableSection,
  directive: string,
  argument: string,
  source: Source,
  fail: Fail,
): void {
  const { reader, depth, count } = source;
  if (reader === undefined) throw fail('includes a file, which is not possible here');
  if (depth === MAX_INCLUDE_DEPTH) throw fail('includes files too deeply');
  const names = directive === 'include' ? [''] : reader.list(argument)?.filter(isIncluded).sort();
  if (names === undefined) throw fail(`includes the folder ${argument}, which cannot be read`);
  for (const name of names) {
    const path = name === '' ? argument : `${argument}/${name}`;
    count.included += 1;
    if (count.included > MAX_INCLUDES) throw fail('includes too many files');
    const text = reader.read(path);
    if (text === undefined) throw fail(`includes ${path}, which cannot be read`);
    // An included file starts anew but adds to the same sections.
    parseInto(root, text, { ...source, name: path, depth: depth + 1 });
  }
}

/** Neither dot files nor what editors and package managers leave behind. */
function isIncluded(name: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(name) || (name.endsWith('.conf') && !name.startsWith('.'));
}

function configError({ name }: Source, line: number, reason: string): KerberosError {
  const place = line === 0 ? name : `${name} line ${line}`;
  return new KerberosError('config', `${place} ${reason}`, { subject: name });
}

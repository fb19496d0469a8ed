// The house: which package may import which. Ground floor first.

/** For each package the packages right below it; what those may import, it may too. */
export const floors: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  crypto: ['wire'],
  kerberos: ['wire', 'crypto'],
  security: ['wire', 'crypto'],
  delegation: ['security'],
  ldap: ['wire', 'kerberos'],
  // Filters and matching rules are LDAP's own words: the directory answers in them.
  directory: ['security', 'ldap'],
  'domain-controller': ['delegation', 'ldap', 'directory'],
  // Objects, language and commands know no network: remoting carries them.
  powershell: [],
  smb: ['kerberos', 'security'],
  remoting: ['kerberos', 'security', 'powershell'],
  admin: ['delegation', 'ldap', 'kerberos'],
  lab: ['domain-controller', 'smb', 'remoting', 'admin'],
  console: ['admin', 'lab'],
  cli: ['lab', 'console'],
};

/** Every package that `name` may import. */
export function below(name: string): Set<string> {
  const found = new Set(floors[name] ?? []);
  for (const lower of found) {
    for (const next of floors[lower] ?? []) {
      found.add(next);
    }
  }
  return found;
}

/** What a file imports: the module names in its import and export declarations. */
export function importsOf(text: string): { readonly specifier: string; readonly line: number }[] {
  const declaration = /^(?:import|export)\s(?:[^'"`;=(]*?\bfrom\s)?\s*['"]([^'"]+)['"]/u;
  const call = /\bimport\(\s*['"]([^'"]+)['"]/u;
  const pattern = new RegExp(`${declaration.source}|${call.source}`, 'gmu');
  return [...text.matchAll(pattern)].map((match) => ({
    specifier: match[1] ?? match[2] ?? '',
    line: text.slice(0, match.index + match[0].length).split('\n').length,
  }));
}

/** Why a package's source file may not import that, if it may not. */
export function importFault(
  specifier: string,
  file: { readonly path: string; readonly package: string },
  dependencies: ReadonlySet<string>,
): string | undefined {
  if (specifier.startsWith('node:')) {
    return undefined;
  }
  if (specifier.startsWith('.')) {
    return relativeFault(specifier, file.path);
  }
  const [scope = '', rest = ''] = specifier.split('/');
  const name = scope.startsWith('@') ? `${scope}/${rest}` : scope;
  if (name === `@doublehop/${file.package}`) {
    return `${specifier} is this package: import it by its relative path`;
  }
  return dependencies.has(name) ? undefined : `${name} is not a dependency in package.json`;
}

function relativeFault(specifier: string, path: string): string | undefined {
  if (!/\.(?:ts|tsx|json)$/u.test(specifier)) {
    return `${specifier} needs the extension .ts`;
  }
  const source = path.split('/').slice(0, 3).join('/');
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  return target.startsWith(`${source}/`) ? undefined : `${specifier} leaves ${source}`;
}

// adcli of Debian 13, with its libraries and its own dynamic linker: it runs where the C library is
// too old for it. Debian 12's knows no passwd-user.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { peersCache } from './temp.ts';

/** The suite whose packages are unpacked. */
export const NEWER_ADCLI_SUITE = 'trixie';

/** Where they are unpacked. */
export const newerAdcliRoot: string = join(peersCache, 'adcli');

/** A program with the first of its arguments, and what its environment must have. */
export interface NewerAdcli {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How it is run. Throws where it is not installed. */
export function newerAdcli(): NewerAdcli {
  const libraries = join(newerAdcliRoot, 'usr', 'lib');
  // `x86_64-linux-gnu`, with `ld-linux-x86-64.so.2`.
  for (const folder of readdirSync(libraries).filter((name) => name.endsWith('-linux-gnu'))) {
    const path = join(libraries, folder);
    const linker = readdirSync(path).find((name) => /^ld-linux.*\.so\.\d$/u.test(name));
    const program = join(newerAdcliRoot, 'usr', 'sbin', 'adcli');
    if (linker !== undefined && existsSync(program)) {
      return {
        command: join(path, linker),
        args: ['--library-path', path, program],
        env: { SASL_PATH: join(path, 'sasl2') },
      };
    }
  }
  throw new Error('the newer adcli is not installed');
}

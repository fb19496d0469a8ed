// Before the interop tests: foreign software that is missing is installed, once.
import type { TestProject } from 'vitest/node';
import { installPeers, type MissingPeers } from './packages.ts';

declare module 'vitest' {
  interface ProvidedContext {
    missingPeers: MissingPeers;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide('missingPeers', await installPeers());
}

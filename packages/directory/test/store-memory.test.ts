import { memoryStore } from '../src/store/memory.ts';
import { storeCompliance } from './support/store-compliance.ts';

storeCompliance('memory', () => ({
  open: () => Promise.resolve(memoryStore()),
  dispose: () => Promise.resolve(),
}));

import type { Eyes } from '@doublehop/directory/directory';
import type { Entry } from '@doublehop/directory/entry';
import type { AttributeType } from '@doublehop/directory/schema/schema';
import { mayRead, visibility } from '../access/access.ts';
import type { Subject } from '../access/subject.ts';

/** What a client may see (MS-ADTS 3.1.1.4.3), for a search of any length. */
export class SubjectEyes implements Eyes {
  readonly #subject: Subject;
  #visible: (entry: Entry) => boolean;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#visible = visibility(subject);
  }

  /** What was found out of containers is forgotten: others may have changed them meanwhile. */
  renew(): void {
    this.#visible = visibility(this.#subject);
  }

  isVisible(entry: Entry): boolean {
    return this.#visible(entry);
  }

  mayRead(entry: Entry, attribute: AttributeType): boolean {
    return mayRead(this.#subject, entry, attribute);
  }
}

/** What is asked of the thread that reads an archive; answered one by one, in the order of asking. */
export type ArchiveRequest =
  | { readonly ask: "next" }
  /** The content of the entry that the last `next` gave. */
  | { readonly ask: "read"; readonly limit: number };

/** An entry's header as the archive has it. */
export interface ArchiveHeader {
  readonly name: string;
  /** 0 where the archive does not say it. */
  readonly bytes: number;
  /** Milliseconds since 1970; 0 for unknown. */
  readonly modified: number;
  readonly type: "file" | "folder" | "link" | "other";
  readonly isEncrypted: boolean;
}

export type ArchiveAnswer =
  | { readonly is: "entry"; readonly header: ArchiveHeader }
  | { readonly is: "end" }
  | { readonly is: "data"; readonly data: Uint8Array }
  /** `missing`: the optional package is not installed; `too_large`: more bytes than the limit. */
  | {
      readonly is: "failure";
      readonly why: "damaged" | "encrypted" | "too_large" | "missing";
      readonly message: string;
    };

/** What the thread is started with. */
export interface ArchiveThreadData {
  readonly path: string;
  readonly bytes: number;
}

/** The libwebp that this project builds, tests and measures with; crate/Cargo.lock holds the checksum of the crate. */
export const LIBWEBP_RELEASE = Object.freeze({
  version: "1.6.0",
  /** The package of Rust's registry that carries the sources, with its version. */
  crate: "libwebp-sys-0.14.4",
});

/** Cargo reads the crate's manifest, which is of Rust's edition 2024. */
export const OLDEST_CARGO = Object.freeze({ major: 1, minor: 85 });

/** Oldest installed libwebp that is accepted, Debian 12's: what this project calls has been the same since. */
export const OLDEST_ACCEPTED_VERSION = "1.2.4";

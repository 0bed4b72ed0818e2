//! Checks bytes against the protocol's subset of MessagePack before anything decodes them.

use crate::error::Violation;
use std::collections::HashSet;

const MAX_NON_BIN_BYTES: usize = 65_536;
const MAX_DEPTH: usize = 8;
const MAX_ENTRIES: usize = 64;
const MAX_STRING_BYTES: usize = 4096;

/// Checks that `body` is exactly one legal message; iterative, so nesting cannot exhaust the stack. The first bytes of
/// values are those of github.com/msgpack/msgpack, spec.md.
pub(crate) fn check_message(body: &[u8]) -> Result<(), Violation> {
    Scanner { body, offset: 0, bin_bytes: 0 }.scan()
}

/// The head of a value with the bytes or entries that follow it; a scalar is read whole.
enum Head {
    Scalar,
    Str(usize),
    Bin(usize),
    Array(usize),
    Map(usize),
}

struct Container<'a> {
    left: usize,
    /// Those seen so far; none in an array.
    keys: Option<HashSet<&'a [u8]>>,
}

struct Scanner<'a> {
    body: &'a [u8],
    offset: usize,
    bin_bytes: usize,
}

impl<'a> Scanner<'a> {
    fn scan(&mut self) -> Result<(), Violation> {
        let entries = match self.head()? {
            Head::Map(entries) => entries,
            _ => return Err(self.violation("a map as the message", "another value")),
        };
        let mut open = vec![Container { left: entries, keys: Some(HashSet::new()) }];
        while let Some(top) = open.last_mut() {
            if top.left == 0 {
                open.pop();
                continue;
            }
            top.left -= 1;
            if let Some(keys) = &mut top.keys {
                self.key(keys)?;
            }
            let inner = match self.head()? {
                Head::Scalar => continue,
                Head::Str(size) => {
                    self.string(size)?;
                    continue;
                }
                Head::Bin(size) => {
                    self.bin_bytes += size;
                    self.take(size)?;
                    continue;
                }
                Head::Array(left) => Container { left, keys: None },
                Head::Map(left) => Container { left, keys: Some(HashSet::new()) },
            };
            if open.len() == MAX_DEPTH {
                return Err(self.violation(format!("at most {MAX_DEPTH} nested containers"), "one more"));
            }
            open.push(inner);
        }
        match self.body.len() - self.offset {
            0 => Ok(()),
            left => Err(self.violation("the end of the message", format!("{left} more bytes"))),
        }
    }

    fn key(&mut self, keys: &mut HashSet<&'a [u8]>) -> Result<(), Violation> {
        let size = match self.head()? {
            Head::Str(size) => size,
            _ => return Err(self.violation("a string as key", "another value")),
        };
        let key = self.string(size)?;
        if key == b"__proto__" || !keys.insert(key) {
            let text = String::from_utf8_lossy(key);
            return Err(self.violation("distinct keys other than __proto__", text));
        }
        Ok(())
    }

    fn head(&mut self) -> Result<Head, Violation> {
        let head = match self.take(1)?[0] {
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Head::Scalar,
            first @ 0x80..=0x8f => Head::Map(usize::from(first & 0x0f)),
            first @ 0x90..=0x9f => Head::Array(usize::from(first & 0x0f)),
            first @ 0xa0..=0xbf => Head::Str(usize::from(first & 0x1f)),
            first @ 0xc4..=0xc6 => Head::Bin(self.length(first - 0xc4)?),
            first @ 0xcc..=0xcf => self.unsigned(1 << (first - 0xcc))?,
            first @ 0xd0..=0xd3 => self.signed(1 << (first - 0xd0))?,
            first @ 0xd9..=0xdb => Head::Str(self.length(first - 0xd9)?),
            first @ 0xdc..=0xdd => Head::Array(self.length(first - 0xdb)?),
            first @ 0xde..=0xdf => Head::Map(self.length(first - 0xdd)?),
            first => return Err(self.violation("no float, extension or 0xc1", format!("{first:#x}"))),
        };
        match head {
            Head::Array(size) | Head::Map(size) if size > MAX_ENTRIES => {
                Err(self.violation(format!("at most {MAX_ENTRIES} entries"), size))
            }
            Head::Str(size) if size > MAX_STRING_BYTES => {
                Err(self.violation(format!("at most {MAX_STRING_BYTES} bytes in a string"), size))
            }
            head => Ok(head),
        }
    }

    /// A length of 1, 2 or 4 bytes.
    fn length(&mut self, log2_width: u8) -> Result<usize, Violation> {
        let bytes = self.take(1 << log2_width)?;
        Ok(bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)))
    }

    fn unsigned(&mut self, width: usize) -> Result<Head, Violation> {
        let value = self.take(width)?.iter().fold(0, |value: u64, &byte| value << 8 | u64::from(byte));
        if value > u64::from(u32::MAX) {
            return Err(self.violation("an integer of at most 2^32-1", value));
        }
        Ok(Head::Scalar)
    }

    fn signed(&mut self, width: usize) -> Result<Head, Violation> {
        let bytes = self.take(width)?;
        let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
        let value = bytes.iter().fold(sign, |value: i64, &byte| value << 8 | i64::from(byte));
        if value < i64::from(i32::MIN) || value > i64::from(u32::MAX) {
            return Err(self.violation("an integer from -2^31 to 2^32-1", value));
        }
        Ok(Head::Scalar)
    }

    fn string(&mut self, size: usize) -> Result<&'a [u8], Violation> {
        let bytes = self.take(size)?;
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(self.violation("a string in UTF-8", error)),
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Violation> {
        let taken = match self.body[self.offset..].get(..count) {
            Some(taken) => taken,
            None => return Err(self.violation(format!("{count} more bytes"), "the end of the frame")),
        };
        self.offset += count;
        if self.offset - self.bin_bytes > MAX_NON_BIN_BYTES {
            return Err(self.violation(format!("at most {MAX_NON_BIN_BYTES} bytes besides bins"), "more"));
        }
        Ok(taken)
    }

    fn violation(&self, expected: impl std::fmt::Display, received: impl std::fmt::Display) -> Violation {
        Violation::new(format!("{expected} near byte {}", self.offset), received)
    }
}

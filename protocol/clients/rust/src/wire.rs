//! Frames of the protocol: a big-endian length, then one message. See "Framing" in PROTOCOL.md.

use crate::error::Violation;
use crate::scan::check_message;
use rmpv::{decode, encode, Value};
use std::io::{self, Read};

pub(crate) const MAX_FRAME_BYTES: usize = 128 * 1024 * 1024;
const HEADER_BYTES: usize = 4;

/// The frame of one message; a violation when the worker would have to take it as one.
pub(crate) fn encode_frame(fields: Vec<(&str, Value)>, max_frame: usize) -> Result<Vec<u8>, Violation> {
    let message = Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect());
    let mut frame = vec![0; HEADER_BYTES];
    encode::write_value(&mut frame, &message).map_err(|error| Violation(error.to_string()))?;
    let length = frame.len() - HEADER_BYTES;
    if length > max_frame {
        return Err(Violation::new(format!("a message of at most {max_frame} bytes"), length));
    }
    check_message(&frame[HEADER_BYTES..])?;
    // `max_frame` is far below 2^32.
    frame[..HEADER_BYTES].copy_from_slice(&(length as u32).to_be_bytes());
    Ok(frame)
}

/// The next message of a blocking stream, always a map; `None` when the stream ends between frames. After a violation
/// the stream is of no use.
pub(crate) fn read_message(stream: &mut impl Read) -> Result<Option<Value>, Violation> {
    let header = read_up_to(stream, HEADER_BYTES)?;
    if header.is_empty() {
        return Ok(None);
    }
    let length = match <[u8; HEADER_BYTES]>::try_from(header) {
        Ok(bytes) => u32::from_be_bytes(bytes) as usize,
        Err(_) => return Err(Violation::new("a whole frame", "the end of the stream")),
    };
    if length == 0 || length > MAX_FRAME_BYTES {
        return Err(Violation::new(format!("a length of 1 to {MAX_FRAME_BYTES}"), length));
    }
    let body = read_up_to(stream, length)?;
    if body.len() < length {
        return Err(Violation::new("a whole frame", "the end of the stream"));
    }
    check_message(&body)?;
    decode::read_value(&mut body.as_slice()).map(Some).map_err(|error| Violation(error.to_string()))
}

/// Fewer bytes than `count` only at the end. Memory grows with what arrives, not with what a length claims.
fn read_up_to(stream: &mut impl Read, count: usize) -> Result<Vec<u8>, Violation> {
    let mut bytes = Vec::new();
    let read: io::Result<usize> = stream.take(count as u64).read_to_end(&mut bytes);
    read.map_err(|error| Violation::new("to read the worker's output", error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;

use std::{error, fmt, io};

/// Why there is no image.
#[derive(Debug)]
pub enum Error {
    /// The worker's command could not be started.
    Spawn(io::Error),
    /// The worker ended, said `fatal` or broke the protocol before it answered.
    ConnectionLost(String),
    /// The worker answered with an error; PROTOCOL.md lists the codes.
    Failed { code: String, message: String, retryable: bool },
    /// Nothing was sent: no worker takes such a message.
    Refused(String),
}

impl Error {
    /// The worker's code, or one of this client.
    pub fn code(&self) -> &str {
        match self {
            Error::Spawn(_) => "spawn_failed",
            Error::ConnectionLost(_) => "connection_lost",
            Error::Failed { code, .. } => code,
            Error::Refused(_) => "invalid_request",
        }
    }

    /// Whether the same request may succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Error::ConnectionLost(_) => true,
            Error::Failed { retryable, .. } => *retryable,
            Error::Spawn(_) | Error::Refused(_) => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Spawn(cause) => write!(formatter, "the worker cannot be started: {cause}"),
            Error::ConnectionLost(reason) => write!(formatter, "the worker is lost: {reason}"),
            Error::Failed { code, message, .. } => write!(formatter, "{code}: {message}"),
            Error::Refused(reason) => write!(formatter, "{reason}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Error::Spawn(cause) => Some(cause),
            _ => None,
        }
    }
}

/// Bytes or fields that PROTOCOL.md forbids.
#[derive(Debug)]
pub(crate) struct Violation(pub String);

impl Violation {
    pub fn new(expected: impl fmt::Display, received: impl fmt::Display) -> Self {
        Violation(format!("expected {expected}, received {received}"))
    }
}

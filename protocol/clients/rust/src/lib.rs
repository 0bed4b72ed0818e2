//! Reference client of the upscaling worker's protocol, version 1. See README.md.

mod client;
mod connection;
mod error;
mod fields;
mod messages;
mod scan;
mod wire;

pub use client::{Client, Control, Request};
pub use error::Error;
pub use messages::{Device, Fit, Model, Options, Output, Ready, WorkerHello};

/// Compiles the program in the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

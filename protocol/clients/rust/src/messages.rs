//! The messages of PROTOCOL.md, field by field.

use crate::error::{Error, Violation};
use crate::fields::{array, bin, boolean, i32, map, string, u32, Fields};
use crate::wire::MAX_FRAME_BYTES;
use rmpv::Value;

pub(crate) const PROTOCOL_VERSION: u32 = 1;

/// Named fields of a message that is to be sent.
pub(crate) type Entries = Vec<(&'static str, Value)>;

/// Options of one page; what is `None` is left to the worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    pub model: Option<String>,
    pub scale: Option<u32>,
    pub noise: Option<i32>,
    pub tile: Option<u32>,
    pub fit: Option<Fit>,
    /// `webp`, `jpeg` or `png`.
    pub format: Option<String>,
    pub quality: Option<u32>,
    pub effort: Option<u32>,
    pub lossless: Option<bool>,
    /// 0 prefetch, 1 normal, 2 visible.
    pub priority: Option<u32>,
    pub timeout_ms: Option<u32>,
}

/// The largest output, in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fit {
    pub width: Option<u32>,
    pub height: Option<u32>,
}

impl Options {
    pub(crate) fn entries(&self) -> Entries {
        let fit = self.fit.map(|fit| {
            let sides = [("width", fit.width), ("height", fit.height)];
            let given = sides.iter().filter_map(|&(name, side)| Some((name.into(), side?.into())));
            Value::Map(given.collect())
        });
        let all = vec![
            ("model", self.model.as_deref().map(Value::from)),
            ("scale", self.scale.map(Value::from)),
            ("noise", self.noise.map(Value::from)),
            ("tile", self.tile.map(Value::from)),
            ("fit", fit),
            ("format", self.format.as_deref().map(Value::from)),
            ("quality", self.quality.map(Value::from)),
            ("effort", self.effort.map(Value::from)),
            ("lossless", self.lossless.map(Value::from)),
            ("priority", self.priority.map(Value::from)),
            ("timeout_ms", self.timeout_ms.map(Value::from)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

pub(crate) fn client_hello() -> Entries {
    let identity = vec![
        ("name".into(), concat!(env!("CARGO_PKG_NAME"), "-rust").into()),
        ("version".into(), env!("CARGO_PKG_VERSION").into()),
    ];
    vec![
        ("t", "hello".into()),
        ("proto", PROTOCOL_VERSION.into()),
        ("client", Value::Map(identity)),
        ("parent_pid", std::process::id().into()),
    ]
}

/// Who the worker is and what it takes at most.
#[derive(Debug, Clone)]
pub struct WorkerHello {
    pub name: String,
    pub version: String,
    pub pid: u32,
    pub features: Vec<String>,
    /// Bytes of one message.
    pub max_frame: usize,
    pub max_in_flight: usize,
    /// Image bytes of all requests in flight.
    pub max_in_flight_bytes: usize,
}

impl WorkerHello {
    fn read(fields: &mut Fields) -> Result<Self, Violation> {
        let versions = fields.get("proto", array(u32))?;
        if !versions.contains(&PROTOCOL_VERSION) {
            let received = format!("{versions:?}");
            return Err(Violation::new(format!("a worker of version {PROTOCOL_VERSION}"), received));
        }
        let mut limits = fields.get("limits", map)?;
        Ok(WorkerHello {
            name: fields.get("name", string)?,
            version: fields.get("version", string)?,
            pid: fields.get("pid", u32)?,
            features: fields.get("features", array(string))?,
            max_frame: limits.get("max_frame", positive)?.min(MAX_FRAME_BYTES),
            max_in_flight: limits.get("max_in_flight", positive)?,
            max_in_flight_bytes: limits.get("max_in_flight_bytes", positive)?,
        })
    }
}

fn positive(value: Value) -> Result<usize, Violation> {
    match u32(value)? {
        0 => Err(Violation::new("at least 1", 0)),
        limit => Ok(limit as usize),
    }
}

/// What the worker computes with.
#[derive(Debug, Clone)]
pub struct Ready {
    pub devices: Vec<Device>,
    pub models: Vec<Model>,
    pub default_model: String,
    pub load_ms: u32,
}

#[derive(Debug, Clone)]
pub struct Device {
    /// -1 is the CPU.
    pub index: i32,
    pub name: String,
    pub backend: String,
    pub memory_mb: u32,
}

#[derive(Debug, Clone)]
pub struct Model {
    pub name: String,
    pub scales: Vec<u32>,
}

impl Ready {
    fn read(fields: &mut Fields) -> Result<Self, Violation> {
        let device = |value| {
            let mut device = map(value)?;
            Ok(Device {
                index: device.get("index", i32)?,
                name: device.get("name", string)?,
                backend: device.get("backend", string)?,
                memory_mb: device.get("memory_mb", u32)?,
            })
        };
        let model = |value| {
            let mut model = map(value)?;
            Ok(Model { name: model.get("name", string)?, scales: model.get("scales", array(u32))? })
        };
        Ok(Ready {
            devices: fields.get("devices", array(device))?,
            models: fields.get("models", array(model))?,
            default_model: fields.get("default_model", string)?,
            load_ms: fields.get("load_ms", u32)?,
        })
    }
}

/// An upscaled page.
#[derive(Debug, Clone)]
pub struct Output {
    pub width: u32,
    pub height: u32,
    pub format: String,
    pub model: String,
    pub device: String,
    /// Equal for equal input, model, options and version of the worker.
    pub cache_key: String,
    pub warnings: Vec<String>,
    /// The encoded image.
    pub data: Vec<u8>,
}

impl Output {
    fn read(fields: &mut Fields) -> Result<Self, Violation> {
        Ok(Output {
            width: fields.get("width", u32)?,
            height: fields.get("height", u32)?,
            format: fields.get("format", string)?,
            model: fields.get("model", string)?,
            device: fields.get("device", string)?,
            cache_key: fields.get("cache_key", string)?,
            warnings: fields.get("warnings", array(string))?,
            data: fields.get("data", bin)?,
        })
    }
}

/// What the worker sends, as far as this client cares.
pub(crate) enum WorkerMessage {
    Hello(WorkerHello),
    Ready(Ready),
    /// The last message of a request.
    Answer {
        id: u32,
        outcome: Result<Output, Error>,
    },
    Progress {
        id: u32,
        done: u32,
        total: u32,
    },
    /// `bye` or `fatal`, with the reason.
    LastWord(String),
    Ignored,
}

impl WorkerMessage {
    pub fn read(message: Value) -> Result<Self, Violation> {
        let fields = &mut map(message)?;
        Ok(match fields.get("t", string)?.as_str() {
            "hello" => WorkerMessage::Hello(WorkerHello::read(fields)?),
            "ready" => WorkerMessage::Ready(Ready::read(fields)?),
            "result" => {
                WorkerMessage::Answer { id: fields.get("id", u32)?, outcome: Ok(Output::read(fields)?) }
            }
            "error" => {
                let failure = Error::Failed {
                    code: fields.get("code", string)?,
                    message: fields.get("message", string)?,
                    retryable: fields.get("retryable", boolean)?,
                };
                WorkerMessage::Answer { id: fields.get("id", u32)?, outcome: Err(failure) }
            }
            "progress" => WorkerMessage::Progress {
                id: fields.get("id", u32)?,
                done: fields.get("done", u32)?,
                total: fields.get("total", u32)?,
            },
            "fatal" => WorkerMessage::LastWord(format!(
                "{}: {}",
                fields.get("code", string)?,
                fields.get("message", string)?
            )),
            "bye" => WorkerMessage::LastWord("the worker said bye".to_owned()),
            _ => WorkerMessage::Ignored,
        })
    }
}
